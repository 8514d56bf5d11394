import HTTPTypes

/// Header fields that the HTTP library has no name for.
extension HTTPField.Name {
    static let acceptPatch = named("Accept-Patch")
    static let acceptPost = named("Accept-Post")
    static let crossOriginOpenerPolicy = named("Cross-Origin-Opener-Policy")
    static let link = named("Link")
    static let permissionsPolicy = named("Permissions-Policy")
    static let referrerPolicy = named("Referrer-Policy")
    static let tusResumable = named("Tus-Resumable")
    static let tusVersion = named("Tus-Version")
    static let tusExtension = named("Tus-Extension")
    static let tusMaxSize = named("Tus-Max-Size")
    static let uploadDeferLength = named("Upload-Defer-Length")
    static let uploadExpires = named("Upload-Expires")
    static let methodOverride = named("X-HTTP-Method-Override")
    static let uploadLength = named("Upload-Length")
    static let uploadOffset = named("Upload-Offset")
    static let uploadMetadata = named("Upload-Metadata")

    private static func named(_ text: StaticString) -> Self {
        guard let name = Self("\(text)") else { preconditionFailure("\(text) is no header name") }
        return name
    }
}
