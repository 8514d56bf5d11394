import Signaling

extension ICEServer {
    /// `Link` values in the form of RFC 9725, section 4.6: one a URL. A TURN server without its credentials is of no
    /// use (browsers refuse such a configuration as a whole), so it is left out where they can't be given.
    func links(withCredentials given: Bool) -> [String] {
        urls.compactMap { url in
            let link = "<\(url)>; rel=\"ice-server\""
            guard url.lowercased().hasPrefix("turn") else { return link }
            guard given, let username, let credential else { return nil }
            return link + "; username=\(Self.quoted(username)); credential=\(Self.quoted(credential))"
                + "; credential-type=\"password\""
        }
    }

    /// A quoted-string (RFC 9110, section 5.6.4); what no header may carry is left out.
    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars where scalar.value >= 0x20 && scalar.value != 0x7F {
            if scalar == "\"" || scalar == "\\" { quoted += "\\" }
            quoted.unicodeScalars.append(scalar)
        }
        return quoted + "\""
    }
}
