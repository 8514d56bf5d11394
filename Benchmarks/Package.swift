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
        .package(name: "vitrine", path: ".."),
        .package(url: "https://github.com/ordo-one/benchmark.git", from: "1.38.1", traits: []),
    ],
    targets: [
        .target(name: "CAllocations"),
        .target(name: "CHotPath"),
        .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .target(name: "CLimit", dependencies: ["CCrypto"]),
        .target(
            name: "Rigs", dependencies: ["CLimit"] + vitrine("DTLS", "ICE", "Net", "SFU", "SRTP", "Wire"),
            swiftSettings: house),
        .executableTarget(
            name: "hot-path", dependencies: ["CAllocations", "CHotPath", "Rigs"], path: "Sources/HotPath",
            swiftSettings: house),
        .executableTarget(
            name: "egress-limit", dependencies: ["CLimit", "Rigs"] + vitrine("Net", "SFU", "Wire"),
            path: "Sources/EgressLimit", swiftSettings: house),
        .executableTarget(
            name: "Stations",
            dependencies: ["CAllocations", "CLimit", "Rigs", .product(name: "Benchmark", package: "benchmark")]
                + vitrine("DTLS", "ICE", "Net", "SFU", "Signaling", "SRTP", "Wire"),
            path: "Benchmarks/Stations", swiftSettings: house,
            plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")]),
    ]
)
