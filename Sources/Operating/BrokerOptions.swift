public import ArgumentParser
public import Foundation
public import Kafka
public import Stages

/// The options for connecting to the brokers, for every command and worker that uses Kafka.
///
/// An option overrides the environment, the environment overrides files, and files override the installation that
/// `accountability up` saved in the home.
public struct BrokerOptions: ParsableArguments, Sendable {
    /// The brokers.
    @Option(
        help: ArgumentHelp(
            "The brokers, separated by commas.",
            discussion: "Default: $ACCOUNTABILITY_BROKERS, then those of `accountability up`, then 127.0.0.1:9092.",
            valueName: "host:port"
        )
    )
    public var brokers: String?

    /// The prefix of topics and groups.
    @Option(
        help: ArgumentHelp(
            "The prefix that separates installations on one cluster.",
            discussion: "Default: $ACCOUNTABILITY_NAMESPACE, then that of `accountability up`, then none.",
            valueName: "name"
        )
    )
    public var namespace: String?

    /// Properties of librdkafka.
    @Option(
        name: .customLong("property"),
        help: ArgumentHelp(
            "A property of the Kafka client (librdkafka), such as security.protocol=SASL_SSL; may be repeated.",
            discussion: """
                A secret does not belong on a command line, which others on the machine can read: keep it in a file (--properties-file) or in the \
                environment, where ACCOUNTABILITY_KAFKA_SASL_PASSWORD sets sasl.password, and so on for every property.
                """,
            valueName: "name=value",
            visibility: .hidden
        )
    )
    public var properties: [String] = []

    /// A file of such properties.
    @Option(
        help: ArgumentHelp(
            "A file of such properties, one on each line; default: $ACCOUNTABILITY_PROPERTIES_FILE, then client.properties of the home.",
            valueName: "file",
            visibility: .hidden
        )
    )
    public var propertiesFile: String?

    /// The broker is the local one.
    @Flag(help: ArgumentHelp("The broker is the local one, which ignores fetch limits.", visibility: .hidden))
    public var localBroker = false

    /// Creates options with their defaults.
    public init() {}

    /// The options as command-line arguments for another program of the project.
    public var arguments: [String] {
        (brokers.map { ["--brokers=\($0)"] } ?? []) + (namespace.map { ["--namespace=\($0)"] } ?? [])
            + properties.map { "--property=\($0)" } + (propertiesFile.map { ["--properties-file=\($0)"] } ?? [])
            + (localBroker ? ["--local-broker"] : [])
    }

    /// The connection of a command.
    ///
    /// - Throws: ``Failure`` if a property or a file is invalid, or if the home's own broker is not running.
    public func connection() throws -> Connection {
        let connection = try connection(environment: ProcessInfo.processInfo.environment)
        if let reason = connection.standstill { throw Failure(.brokerUnavailable, reason) }
        return connection
    }

    /// The connection for an environment.
    ///
    /// - Throws: ``Failure`` if a property or a file is invalid.
    public func connection(environment: [String: String]) throws -> Connection {
        let home = Home(environment: environment)
        let installation = try Installation.load(from: home)
        let stated = stated(environment: environment)
        let address = stated.brokers ?? installation?.brokers ?? "127.0.0.1:9092"
        let space = stated.namespace ?? installation?.namespace ?? ""
        guard Self.isTopicName(space) else {
            throw Failure(.usage, "--namespace takes up to 100 letters, digits, '.', '_' and '-'")
        }
        var kafka = KafkaConfiguration(bootstrapServers: address)
        let isOurs = installation?.brokers == address
        if localBroker || (isOurs && Self.isLocal(installation, home)) {
            // Only if this home started the broker: all its clients then know this home.
            kafka.adaptToLocalBroker(bell: isOurs && installation?.ownsBroker == true ? home.bell.path : nil)
        }
        var file = stated.propertiesFile
        if file == nil, isOurs, FileManager.default.fileExists(atPath: home.clientProperties.path) {
            file = home.clientProperties.path
        }
        try set(file: file, variables: Self.properties(of: environment), in: &kafka)
        if kafka["bootstrap.servers"] == nil || brokers != nil { kafka["bootstrap.servers"] = address }
        if kafka["client.id"] == nil { kafka["client.id"] = "accountability" }
        return Connection(
            kafka: kafka,
            pipeline: Pipeline(namespace: space),
            home: home,
            installation: isOurs ? installation : nil
        )
    }

    /// What the options say, or else the environment.
    public struct Stated: Sendable {
        /// The variables that stand behind the options.
        public static let variables = [
            "ACCOUNTABILITY_BROKERS", "ACCOUNTABILITY_NAMESPACE", "ACCOUNTABILITY_PROPERTIES_FILE",
        ]
        /// The brokers; nil if neither names them.
        public let brokers: String?
        /// The prefix of topics and groups; nil if neither names it.
        public let namespace: String?
        /// The file of properties; nil if neither names it.
        public let propertiesFile: String?
    }

    /// What the options say, or else an environment.
    public func stated(environment: [String: String] = ProcessInfo.processInfo.environment) -> Stated {
        let variables = Stated.variables.map { environment[$0] }
        return Stated(
            brokers: brokers ?? variables[0],
            namespace: namespace ?? variables[1],
            propertiesFile: propertiesFile ?? variables[2]
        )
    }

    /// Sets properties of librdkafka: those of a file, of variables, and of the options; a later one replaces an
    /// earlier one.
    ///
    /// - Throws: ``Failure`` if a property or the file is invalid.
    public func set(
        file: String?,
        variables: [String: String] = [:],
        in kafka: inout KafkaConfiguration
    ) throws {
        if let file {
            do {
                try kafka.load(propertiesFile: file)
            } catch {
                throw Failure(.configuration, error.message)
            }
        }
        for (name, value) in variables { kafka[name] = value }
        for property in properties {
            guard let equals = property.firstIndex(of: "="), equals != property.startIndex else {
                throw Failure(.usage, "--property takes name=value")
            }
            kafka[String(property[..<equals])] = String(property[property.index(after: equals)...])
        }
    }

    /// Whether the broker of an installation is a local one.
    ///
    /// The broker of `up` counts only while it runs. After `down`, a cluster may answer at the same address, and
    /// settings for the local broker would be wrong for it.
    private static func isLocal(_ installation: Installation?, _ home: Home) -> Bool {
        guard let installation, installation.isLocalBroker else { return false }
        return !installation.ownsBroker || home.runsLocalBroker
    }

    /// The properties from the environment: `ACCOUNTABILITY_KAFKA_SASL_PASSWORD` sets `sasl.password`.
    static func properties(of environment: [String: String]) -> [String: String] {
        let prefix = "ACCOUNTABILITY_KAFKA_"
        var properties: [String: String] = [:]
        for (variable, value) in environment where variable.hasPrefix(prefix) && variable.count > prefix.count {
            properties[variable.dropFirst(prefix.count).lowercased().replacing("_", with: ".")] = value
        }
        return properties
    }

    private static func isTopicName(_ text: String) -> Bool {
        text.utf8.count <= 100
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }
}

/// How long every command waits for brokers before it reports that none answers.
public enum BrokerPatience {
    /// For a simple request.
    public static let answer: Duration = .seconds(15)
    /// For work of the cluster, such as creating or deleting topics.
    public static let work: Duration = .seconds(30)
}

/// The connection settings of a command or worker.
public struct Connection: Sendable {
    /// The client's properties.
    public var kafka: KafkaConfiguration
    /// The names of the topics.
    public var pipeline: Pipeline
    /// The home of the installation on this machine.
    public var home: Home
    /// The installation that `up` saved, if these are its brokers.
    public var installation: Installation?

    /// The brokers' addresses.
    public var brokers: String { kafka["bootstrap.servers"] ?? "" }

    /// Why no broker can answer, if this is known without asking: the installation has a local broker that is not
    /// running, and nothing else listens at its address.
    public var standstill: String? {
        guard let installation, installation.isLocalBroker, installation.ownsBroker, !home.runsLocalBroker,
            let port = Int(installation.brokers.split(separator: ":").last ?? ""), !ListeningPorts.contains(port)
        else { return nil }
        return
            "the local broker of \(home.directory.path) is not running; `accountability up` starts it, --brokers names another"
    }
}
