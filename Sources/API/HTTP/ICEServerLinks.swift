import Signaling

/// ICE servers as `Link` fields (RFC 9725, section 4.6).
enum ICEServerLinks {
    /// `withCredentials`: whether whoever asks may have them. Without, and where they are missing, a TURN server is of no
    /// use, and browsers refuse a configuration that names one.
    static func fields(for servers: [ICEServer], withCredentials: Bool) -> [String] {
        servers.flatMap { server in
            server.urls.compactMap { url in field(url: url, of: server, withCredentials: withCredentials) }
        }
    }

    private static func field(url: String, of server: ICEServer, withCredentials: Bool) -> String? {
        let target = url.unicodeScalars.filter { $0.value > 0x20 && $0 != "<" && $0 != ">" && $0.value < 0x7F }
        let link = "<\(String(String.UnicodeScalarView(target)))>; rel=\"ice-server\""
        guard url.lowercased().hasPrefix("turn") else { return link }
        guard withCredentials, let username = server.username, let credential = server.credential else { return nil }
        return
            "\(link); username=\(quoted(username)); credential=\(quoted(credential)); credential-type=\"password\""
    }

    /// A quoted-string (RFC 9110, section 5.6.4).
    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars where scalar.value >= 0x20 && scalar.value != 0x7F {
            if scalar == "\"" || scalar == "\\" { result.append("\\") }
            result.unicodeScalars.append(scalar)
        }
        return result + "\""
    }
}
