// swift-tools-version: 6.2
import PackageDescription

/// The settings of every target of the project.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableExperimentalFeature("Lifetimes"),
    .strictMemorySafety(),
    // Accesses to a variable must not overlap. The compiler checks this where it can, and debug builds while they run.
    // In release builds the check costs 4 to 6 percent of each worker.
    .unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release)),
    // A warning of ours is an error, so that none is overlooked; packages that depend on this one do not see it. A
    // compiler that warns of more than the present one does builds with ACCOUNTABILITY_WARNINGS=allowed.
    .treatAllWarnings(as: Context.environment["ACCOUNTABILITY_WARNINGS"] == "allowed" ? .warning : .error),
]

/// A library target with the settings of the house.
func library(
    _ name: String,
    _ dependencies: [Target.Dependency],
    exclude: [String] = [],
    resources: [Resource] = []
) -> Target {
    .target(
        name: name,
        dependencies: dependencies,
        exclude: exclude,
        resources: resources,
        swiftSettings: settings
    )
}

/// The executable of one stage: `Sources/Workers/<name>`.
func worker(_ name: String) -> Target {
    .executableTarget(
        name: name,
        dependencies: [
            "Stages", "WorkerProcess", "Operating", "Kafka", "Streaming", "Messages", "Rules", .argumentParser,
            .logging,
        ]
            + ([
                "notification-worker": [.asyncHTTPClient, .metrics, .nioCore, .nioHTTP1, .nioPosix, .protobuf],
                "determination-worker": [.asyncHTTPClient, .nioCore, .nioHTTP1],
            ][name] ?? []),
        path: "Sources/Workers/\(name)",
        swiftSettings: settings
    )
}

/// A test target: `Tests/<name>`.
func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
    .testTarget(
        name: name,
        dependencies: dependencies,
        path: "Tests/\(name)",
        exclude: exclude,
        // The programs are tested as they are delivered, optimized. Optimizing the tests as well would take longer than
        // they run.
        swiftSettings: settings + [.unsafeFlags(["-Onone"], .when(configuration: .release))]
    )
}

extension Target.Dependency {
    static let asyncHTTPClient = product(name: "AsyncHTTPClient", package: "async-http-client")
    static let argumentParser = product(name: "ArgumentParser", package: "swift-argument-parser")
    static let crypto = product(name: "Crypto", package: "swift-crypto")
    static let cryptoExtras = product(name: "CryptoExtras", package: "swift-crypto")
    static let hummingbird = product(name: "Hummingbird", package: "hummingbird")
    static let hummingbirdCore = product(name: "HummingbirdCore", package: "hummingbird")
    static let jwtKit = product(name: "JWTKit", package: "jwt-kit")
    static let logging = product(name: "Logging", package: "swift-log")
    static let mustache = product(name: "Mustache", package: "swift-mustache")
    static let metrics = product(name: "CoreMetrics", package: "swift-metrics")
    static let protobuf = product(name: "SwiftProtobuf", package: "swift-protobuf")
    static let nioCore = product(name: "NIOCore", package: "swift-nio")
    static let nioHTTP1 = product(name: "NIOHTTP1", package: "swift-nio")
    static let nioPosix = product(name: "NIOPosix", package: "swift-nio")
    static let serviceLifecycle = product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
    static let unixSignals = product(name: "UnixSignals", package: "swift-service-lifecycle")
    static let yams = product(name: "Yams", package: "Yams")
}

let stages = ["ingestion", "validation", "participation", "indicator", "percentile", "determination", "notification"]

let package = Package(
    name: "accountability",
    products: [
        .executable(name: "accountability", targets: ["accountability"]),
        .executable(name: "statewide", targets: ["statewide"]),
    ] + (stages + ["console"]).map { .executable(name: "\($0)-worker", targets: ["\($0)-worker"]) },
    // Exact, as numbers that people are judged by are computed with them: a version is changed by a commit and tested
    // with it. What these depend on in turn stands in Deploy/requirements/swift.json, from which Deploy/build and the
    // image take it; Deploy/sbom --check compares.
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", exact: "2.13.0"),
        .package(url: "https://github.com/apple/swift-protobuf", exact: "1.39.0"),
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/swift-server/async-http-client", exact: "1.37.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1"),
        .package(url: "https://github.com/hummingbird-project/swift-mustache", exact: "2.1.1"),
        .package(url: "https://github.com/vapor/jwt-kit", exact: "5.7.1"),
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
    ],
    targets: [
        .systemLibrary(name: "CRdKafka", pkgConfig: "rdkafka", providers: [.apt(["librdkafka-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        library("Kafka", ["CRdKafka", .logging]),
        library("Tables", ["CZlib"]),
        library("Rules", [.yams], resources: [.embedInCode("Frameworks")]),
        .target(
            name: "Messages",
            dependencies: ["Rules", "Tables", .protobuf],
            // Generated code that is not marked yet is a warning: Deploy/lint finds it.
            swiftSettings: settings + [.treatWarning("StrictMemorySafety", as: .warning)]
        ),
        library("Streaming", ["Kafka", .crypto, .protobuf, .logging, .metrics]),
        library("Stages", ["Rules", "Streaming", "Messages", "Tables", .crypto, .protobuf, .logging]),
        library("Year", ["Stages", "Rules", "Streaming", "Messages", "Tables", .protobuf]),
        library(
            "Operating",
            [
                "Kafka", "Streaming", "Stages", "Messages", "Rules", "Tables", .argumentParser, .crypto, .cryptoExtras,
                .logging, .protobuf,
            ]
        ),
        library(
            "Reading",
            ["Operating", "Stages", "Streaming", "Kafka", "Rules", "Messages", "Tables", .logging, .protobuf],
            resources: [.embedInCode("Pages/table.mustache")]
        ),
        library("Supervision", ["Reading", "Operating", "Stages", "Streaming", "Messages", .nioCore, .nioPosix]),
        library(
            "Products",
            ["Reading", "Operating", "Stages", "Streaming", "Rules", "Messages", "Tables", .crypto, .mustache],
            resources: [.embedInCode("Templates")]
        ),
        library(
            "Console",
            [
                "Products", "Reading", "Operating", "Stages", "Streaming", "Kafka", "Rules", "Messages", "Tables",
                .crypto, .jwtKit, .logging, .mustache, .protobuf,
            ],
            resources: [.embedInCode("Templates")]
        ),
        .executableTarget(
            name: "console-worker",
            dependencies: [
                "Console", "Reading", "WorkerProcess", "Operating", "Kafka", .argumentParser, .asyncHTTPClient,
                .hummingbird, .hummingbirdCore, .logging, .metrics, .nioCore, .nioHTTP1, .serviceLifecycle,
                .unixSignals,
            ],
            path: "Sources/Workers/console-worker",
            swiftSettings: settings
        ),
        .target(
            name: "WorkerProcess",
            dependencies: [
                "Operating", "Stages", "Streaming", "Kafka", "Rules", "Messages", .argumentParser, .hummingbird,
                .hummingbirdCore, .nioCore, .logging, .metrics, .serviceLifecycle, .unixSignals,
            ],
            path: "Sources/Workers/WorkerProcess",
            swiftSettings: settings
        ),
        .executableTarget(
            name: "accountability",
            dependencies: [
                "Supervision", "Products", "Reading", "Operating", "Year", "Stages", "Streaming", "Kafka", "Rules",
                "Messages", "Tables",
                .argumentParser, .asyncHTTPClient, .crypto, .logging, .nioCore, .nioHTTP1, .protobuf,
            ],
            path: "Sources/Accountability",
            swiftSettings: settings
        ),
        .executableTarget(
            name: "statewide",
            dependencies: ["Tables", "Messages", "Operating", .argumentParser],
            path: "Sources/Statewide",
            swiftSettings: settings
        ),
        .target(name: "Neighbour", path: "Tests/Neighbour", swiftSettings: settings),
        tests("KafkaTests", ["Kafka", "Neighbour"]),
        tests("TablesTests", ["Tables"]),
        .target(
            name: "PublishedFigures",
            dependencies: ["Rules", "Tables"],
            path: "Tests/PublishedFigures",
            swiftSettings: settings
        ),
        tests("RulesTests", ["Rules", "Tables", "PublishedFigures", "Neighbour"]),
        tests("MessagesTests", ["Messages", "Rules", .protobuf]),
        .target(
            name: "StreamingTesting",
            dependencies: ["Streaming", "Kafka"],
            path: "Tests/StreamingTesting",
            swiftSettings: settings
        ),
        tests("StreamingTests", ["Streaming", "Kafka", "StreamingTesting", "Neighbour", .crypto, .logging, .protobuf]),
        tests(
            "StagesTests",
            [
                "Stages", "Streaming", "Messages", "Rules", "Tables", "PublishedFigures", "FuzzTargets",
                "StreamingTesting", "accountability", "Products", "Reading", .crypto,
            ]
        ),
        .target(
            name: "FuzzTargets",
            dependencies: ["Stages", "Streaming", "StreamingTesting", "Messages", "Rules", "Tables", .protobuf],
            path: "Tests/Fuzzing/Targets",
            swiftSettings: settings
        ),
        tests(
            "ConsoleTests",
            [
                "Console", "Operating", "Reading", "Stages", "Messages", "Rules", .crypto, .cryptoExtras, .jwtKit,
                .logging, .protobuf,
            ]
        ),
        tests(
            "AccountabilityTests",
            ["accountability", "Supervision", "Operating", "Reading", "Messages", "Rules", "Neighbour", .protobuf]
        ),
        tests(
            "SupervisionTests",
            ["Supervision", "Operating", "Reading", "Streaming", "Kafka", "Neighbour", .logging]
        ),
        tests(
            "DeliveryTests",
            [
                "notification-worker", "determination-worker", "Operating", "Stages", "Messages", "Streaming",
                "Kafka", "Neighbour", .argumentParser, .logging,
                .nioCore, .nioHTTP1, .nioPosix, .protobuf,
            ]
        ),
        tests("ProductsTests", ["Products", "Operating", "Stages", "Messages", "Rules", .protobuf]),
        tests(
            "YearTests",
            [
                "Products", "Year", "Stages", "Streaming", "StreamingTesting", "Messages", "Rules", "Tables",
                "Reading", "accountability", "statewide", .protobuf,
            ]
        ),
        tests(
            "StatewideTests",
            ["statewide", "Operating", "Stages", "Streaming", "StreamingTesting", "Messages", "Tables", .protobuf]
        ),
        tests("IntegrationTests", ["PublishedFigures", "Rules", "Neighbour"], exclude: ["Clients"]),
    ] + stages.map { worker("\($0)-worker") }
)

// Under libFuzzer alone, whose `main` it is linked with: Deploy/fuzz.
if Context.environment["ACCOUNTABILITY_FUZZING"] != nil {
    package.targets.append(
        .executableTarget(
            name: "fuzz",
            dependencies: ["FuzzTargets"],
            path: "Tests/Fuzzing/Driver",
            swiftSettings: settings
        )
    )
}
