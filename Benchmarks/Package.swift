// swift-tools-version: 6.2
import PackageDescription

/// As in the relay's own modules, which are imported `@testable`: build with `-Xswiftc -enable-testing`.
let house: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

func vitrine(_ modules: String...) -> [Target.Dependency] {
    modules.map { .product(name: $0, package: "vitrine") }
}

let package = Package(
    name: "vitrine-benchmarks",
    platforms: [.macOS(.v15)],
    dependencies: [
        // Its modules are products only where VITRINE_RELAY_ONLY is set: scripts/bench does.
        .package(name: "vitrine", path: "..")
    ],
    targets: [
        .target(name: "CAllocations"),
        .target(name: "CHotPath"),
        .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .target(name: "CLimit", dependencies: ["CCrypto"]),
        .target(
            name: "Rigs", dependencies: vitrine("DTLS", "ICE", "Net", "SFU", "SRTP", "Wire"), swiftSettings: house),
        .executableTarget(
            name: "hot-path", dependencies: ["CAllocations", "CHotPath", "Rigs"], path: "Sources/HotPath",
            swiftSettings: house),
        .executableTarget(
            name: "egress-limit", dependencies: ["CLimit", "Rigs"] + vitrine("Net", "SFU", "Wire"),
            path: "Sources/EgressLimit", swiftSettings: house),
    ]
)
