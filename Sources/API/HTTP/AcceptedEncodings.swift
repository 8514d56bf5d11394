import HTTPTypes

/// Which forms of an answer a client takes (RFC 9110, section 12.5.3).
struct AcceptedEncodings {
    let takesGzip: Bool

    /// The header is a list of names, each with a weight if one likes; a weight of 0 refuses, and `*` speaks for what
    /// isn't named.
    init(_ fields: HTTPFields) {
        var gzip: Double?
        var others: Double?
        for item in (fields[.acceptEncoding] ?? "").lowercased().split(separator: ",") {
            let parts = item.split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" } }
            let weight = parts.dropFirst().first { $0.hasPrefix("q=") }.map { Double($0.dropFirst(2)) ?? 0 } ?? 1
            switch parts.first {
            case "gzip", "x-gzip": gzip = weight
            case "*": others = weight
            default: break
            }
        }
        takesGzip = (gzip ?? others ?? 0) > 0
    }
}
