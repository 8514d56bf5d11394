// swift-tools-version: 6.2
import Foundation
import PackageDescription

/// Intel's multi-buffer library, which has no pkg-config file: the relay's fastest cipher where it is installed.
let hasIPSecMB = FileManager.default.fileExists(atPath: "/usr/include/intel-ipsec-mb.h")

/// What every module is held to. Warnings are errors, so the compiler reviews first.
let house: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

/// Modules without C beside them also have to mark each unsafe expression.
let strict: [SwiftSetting] = house + [.strictMemorySafety()]

let package = Package(
    name: "vitrine",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "vitrine", targets: ["Vitrine"])
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections.git", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-configuration.git", from: "1.4.0"),
        .package(url: "https://github.com/apple/swift-crypto.git", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-http-types.git", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras.git", from: "1.35.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl.git", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-system.git", from: "1.8.1"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift.git", from: "0.2.0"),
        .package(url: "https://github.com/groue/GRDB.swift.git", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird.git", from: "2.28.1", traits: []),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess.git", from: "1.0.2"),
        .package(url: "https://github.com/vapor/jwt-kit.git", from: "5.7.1"),
    ],
    targets: [
        .target(name: "Wire", swiftSettings: strict),
        .systemLibrary(name: "CMongoC", pkgConfig: "libmongoc-1.0", providers: [.apt(["libmongoc-dev"])]),
        .systemLibrary(name: "CNice", pkgConfig: "nice", providers: [.apt(["libnice-dev"])]),
        .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "COpus", pkgConfig: "opus", providers: [.apt(["libopus-dev"])]),
        .systemLibrary(name: "CSRTP", pkgConfig: "libsrtp2", providers: [.apt(["libsrtp2-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .target(name: "Congestion", dependencies: ["Wire"], swiftSettings: house),
        .target(name: "CNet"),
        .target(name: "Net", dependencies: ["CNet", "Wire"], swiftSettings: house),
        .target(
            name: "SRTP", dependencies: ["COpenSSL", "CSRTP", "Wire"] + (hasIPSecMB ? ["CIPSecMB"] : []),
            swiftSettings: house + (hasIPSecMB ? [.define("IPSEC_MB")] : [])),
        .target(name: "ICE", dependencies: ["CNice", "COpenSSL", "Wire"], swiftSettings: house),
        .target(name: "DTLS", dependencies: ["COpenSSL", "Wire"], swiftSettings: house),
        .target(
            name: "SFU",
            dependencies: [
                "Congestion", "DTLS", "ICE", "Net", "SRTP", "Wire", .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: house
        ),
        .target(
            name: "Load",
            dependencies: [
                "COpus", "DTLS", "ICE", "Net", "SRTP", "Wire",
                .product(name: "Histogram", package: "hdrhistogram-swift"),
            ],
            swiftSettings: house
        ),
        .target(name: "Signaling", dependencies: ["Wire"], swiftSettings: strict),
        .target(name: "MongoDriver", dependencies: ["CMongoC"], swiftSettings: house),
        .target(
            name: "Storage",
            dependencies: [
                "MongoDriver", "Wire",
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: strict
        ),
        .target(
            name: "Web",
            path: "Web",
            resources: [.copy("admin"), .copy("home"), .copy("shared"), .copy("watch")],
            swiftSettings: house
        ),
        .target(name: "Gzip", dependencies: ["CZlib"], swiftSettings: house),
        .target(
            name: "API",
            dependencies: [
                "Gzip", "SFU", "Signaling", "Storage", "Web", "Wire",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "HummingbirdTLS", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "JWTKit", package: "jwt-kit"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOFoundationCompat", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOWebSocket", package: "swift-nio"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            resources: [.copy("Resources/openapi.json")],
            swiftSettings: strict
        ),
        .executableTarget(
            name: "Vitrine",
            dependencies: [
                "API", "Load", "SFU", "SRTP", "Signaling", "Storage", "Wire",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Configuration", package: "swift-configuration"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "SystemPackage", package: "swift-system"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            swiftSettings: strict
        ),
        // A target of ours in C, with what pkg-config says of libnice by way of CNice.
        .target(name: "CNicePeer", dependencies: ["CNice"], path: "Tests/Support/CNicePeer"),
        .target(name: "TestSupport", path: "Tests/Support", exclude: ["CNicePeer"], swiftSettings: house),
        .target(
            name: "FuzzTargets", dependencies: ["DTLS", "ICE", "Net", "SFU", "SRTP", "TestSupport", "Wire"],
            path: "Tests/Fuzz/Targets", swiftSettings: house),
        .testTarget(
            name: "FuzzTests", dependencies: ["FuzzTargets", "TestSupport"], path: "Tests/Fuzz/Corpora",
            resources: [.copy("Corpus")], swiftSettings: house),
        .testTarget(
            name: "ICETests", dependencies: ["CNicePeer", "ICE", "Net", "TestSupport", "Wire"], path: "Tests/ICE",
            swiftSettings: house),
        .testTarget(
            name: "DTLSTests", dependencies: ["COpenSSL", "DTLS", "TestSupport", "Wire"], path: "Tests/DTLS",
            swiftSettings: house),
        .testTarget(
            name: "CongestionTests", dependencies: ["Congestion", "TestSupport", "Wire"], path: "Tests/Congestion",
            exclude: ["scoreboard.txt"], swiftSettings: house),
        .testTarget(name: "NetTests", dependencies: ["Net", "Wire"], path: "Tests/Net", swiftSettings: house),
        .testTarget(
            name: "SRTPTests", dependencies: ["CSRTP", "SRTP", "TestSupport", "Wire"], path: "Tests/SRTP",
            swiftSettings: house),
        .testTarget(
            name: "SFUTests", dependencies: ["CNicePeer", "DTLS", "ICE", "Net", "SFU", "SRTP", "TestSupport", "Wire"],
            path: "Tests/SFU",
            swiftSettings: house),
        .testTarget(
            name: "LoadTests",
            dependencies: [
                "Load", "SFU", "SRTP", "TestSupport", "Wire", .product(name: "Logging", package: "swift-log"),
            ],
            path: "Tests/Load", swiftSettings: house),
        .testTarget(
            name: "WireTests", dependencies: ["TestSupport", "Wire"], path: "Tests/Wire", swiftSettings: house),
        .testTarget(
            name: "SignalingTests", dependencies: ["Signaling", "TestSupport", "Wire"], path: "Tests/Signaling",
            swiftSettings: house),
        .testTarget(
            name: "StorageTests",
            dependencies: [
                "MongoDriver", "Storage", "TestSupport", "Wire",
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Subprocess", package: "swift-subprocess"),
            ],
            path: "Tests/Storage",
            exclude: ["Files"],
            swiftSettings: house
        ),
        .testTarget(
            name: "APITests",
            dependencies: [
                "API", "Signaling", "Wire",
                .product(name: "JWTKit", package: "jwt-kit"),
            ],
            path: "Tests/API",
            swiftSettings: house
        ),
    ]
)

if hasIPSecMB {
    package.targets.append(.systemLibrary(name: "CIPSecMB", providers: [.apt(["libipsec-mb-dev"])]))
}

// For `scripts/sanitize`, `scripts/fuzz` and `Benchmarks`, which imports the modules: without the server, building takes
// a minute rather than five.
if Context.environment["VITRINE_RELAY_ONLY"] != nil {
    let modules = ["Wire", "Congestion", "Net", "ICE", "DTLS", "SRTP", "SFU", "Signaling"]
    let kept = Set(
        modules + modules.map { "\($0)Tests" } + [
            "CIPSecMB", "CNet", "CNice", "CNicePeer", "COpenSSL", "CSRTP", "TestSupport", "FuzzTargets", "FuzzTests",
        ])
    package.targets.removeAll { !kept.contains($0.name) }
    package.products = modules.map { .library(name: $0, targets: [$0]) }
    package.dependencies = [.package(url: "https://github.com/apple/swift-log.git", from: "1.16.2")]
}

// For work on the store: the same, for its two homes.
if Context.environment["VITRINE_STORAGE_ONLY"] != nil {
    let kept: Set = ["Wire", "CMongoC", "MongoDriver", "Storage", "StorageTests", "TestSupport"]
    package.targets.removeAll { !kept.contains($0.name) }
    package.products = []
    package.dependencies = [
        .package(url: "https://github.com/apple/swift-log.git", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-system.git", from: "1.8.1"),
        .package(url: "https://github.com/groue/GRDB.swift.git", from: "7.10.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess.git", from: "1.0.2"),
    ]
}

// Only `scripts/fuzz` wants it: it needs libFuzzer.
if Context.environment["VITRINE_FUZZ"] != nil {
    package.targets.append(
        .executableTarget(name: "vitrine-fuzz", dependencies: ["FuzzTargets"], path: "Tests/Fuzz/Runner"))
}
