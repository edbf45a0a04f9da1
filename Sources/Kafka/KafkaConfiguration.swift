internal import CRdKafka
internal import FoundationEssentials

/// The properties of a client: any librdkafka property, by name.
///
/// The wrapper sets these defaults. For a ``Producer``: `enable.idempotence=true`, `partitioner=murmur2_random`,
/// `delivery.report.only.error=true`. For a ``Consumer``: `isolation.level=read_committed`, `enable.auto.commit=false`,
/// `enable.auto.offset.store=false`, `partition.assignment.strategy=range`, `auto.offset.reset=earliest`. For an
/// unknown property or an invalid value, the client's initializer throws an error that names the property.
public struct KafkaConfiguration: Sendable, CustomStringConvertible {
    /// The properties set by the owner.
    public private(set) var properties: [String: String]
    /// Whether ``adaptToLocalBroker(bell:)`` was called.
    public private(set) var isLocalBroker = false
    /// The file that producers of this machine touch after a commit, so that consumers need not ask the local broker
    /// all the time; nil for none.
    public private(set) var bell: String?

    /// A configuration for these brokers: `host:port`, separated by commas.
    public init(bootstrapServers: String) {
        properties = ["bootstrap.servers": bootstrapServers]
    }

    /// A property of librdkafka; nil if not set.
    public subscript(property: String) -> String? {
        get { properties[property] }
        set { properties[property] = newValue }
    }

    /// Sets the properties that the local broker needs.
    ///
    /// It ignores fetch limits, so one response can hold a whole backlog.
    ///
    /// These are `receive.message.max.bytes`, `fetch.max.bytes` and lz4 compression. Do not use them on a production
    /// cluster, where the limit on responses is a protection.
    ///
    /// - Parameter bell: a file through which all clients of this broker tell each other that there are new records. It
    ///   is created if needed. Records of clients without it are seen up to half a second later.
    public mutating func adaptToLocalBroker(bell: String? = nil) {
        isLocalBroker = true
        self.bell = bell
        properties["receive.message.max.bytes"] = "2147483647"
        properties["fetch.max.bytes"] = "2000000000"
        properties["compression.type"] = properties["compression.type"] ?? "lz4"
    }

    /// A configuration for the local broker: see ``adaptToLocalBroker(bell:)``.
    public static func localBroker(_ bootstrapServers: String) -> KafkaConfiguration {
        var configuration = KafkaConfiguration(bootstrapServers: bootstrapServers)
        configuration.adaptToLocalBroker()
        return configuration
    }

    /// Sets the properties of a file, one `name=value` on each line.
    ///
    /// Blank lines and lines that start with `#` are ignored.
    ///
    /// A later line overrides earlier lines and earlier settings.
    public mutating func load(propertiesFile path: String) throws(KafkaError) {
        let text: String
        do {
            text = try String(contentsOfFile: path, encoding: .utf8)
        } catch {
            throw .configuration("cannot read the properties file \(path): \(error)")
        }
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let trimmed = line.trimmingSpaces()
            if trimmed.isEmpty || trimmed.hasPrefix("#") { continue }
            guard let equals = trimmed.firstIndex(of: "="), equals != trimmed.startIndex else {
                // Do not print the line: it may hold a secret.
                throw .configuration("\(path), line \(index + 1): expected name=value")
            }
            let name = trimmed[..<equals].trimmingSpaces()
            properties[String(name)] = String(trimmed[trimmed.index(after: equals)...].trimmingSpaces())
        }
    }

    /// The properties, sorted by name, with every secret masked.
    public var description: String {
        properties.sorted { $0.key < $1.key }
            .map { "\($0.key)=\(Self.isSecret($0.key) ? "********" : $0.value)" }
            .joined(separator: " ")
    }

    /// Whether the value of a property must not be printed.
    public static func isSecret(_ property: String) -> Bool {
        let name = property.lowercased()
        // Names of files and of the method are not secret. The content of a key is.
        if name.hasSuffix(".location") || name == "sasl.oauthbearer.method" { return false }
        return ["password", "secret", "pem", "sasl.jaas", "oauthbearer.config", "token", "credential"]
            .contains { name.contains($0) }
    }

    private static let recovery = "metadata.recovery.strategy"

    /// Whether the library knows a property.
    private static func isKnown(_ property: String, to configuration: OpaquePointer) -> Bool {
        var size = 0
        return unsafe rd_kafka_conf_get(configuration, property, nil, &size) == RD_KAFKA_CONF_OK
    }

    /// A C configuration with the defaults and the owner's properties, which take precedence.
    func makeConfiguration(defaults: [String: String]) throws(KafkaError) -> Owner<ConfigurationResource> {
        let owner = unsafe Owner<ConfigurationResource>(rd_kafka_conf_new())
        // Logs wait in the client's queue until its owner polls, so no thread of librdkafka waits for a log handler.
        var defaults = defaults.merging(["log.queue": "true"]) { own, _ in own }
        // Reconnect within a second after a broker returns. librdkafka's default pauses grow to ten seconds.
        if properties["reconnect.backoff.ms"] == nil { defaults["reconnect.backoff.max.ms"] = "1000" }
        // After a broker's death the cluster names a new leader only after some seconds (9 on Apache Kafka). The client
        // asks once when the connection breaks, and by default again only after five minutes.
        defaults["topic.metadata.refresh.interval.ms"] = "10000"
        // A topic that is deleted while it is written to must not come back with the brokers' defaults.
        defaults["allow.auto.create.topics"] = "false"
        if LibraryDefect.telemetry.applies(to: ClientLibrary.number) { defaults["enable.metrics.push"] = "false" }
        if LibraryDefect.decommissionedCoordinator.applies(to: ClientLibrary.number),
            unsafe Self.isKnown(Self.recovery, to: owner.pointer)
        {
            defaults[Self.recovery] = "none"
        }
        for (name, value) in properties.merging(defaults, uniquingKeysWith: { own, _ in own })
            .sorted(by: { $0.key < $1.key })
        {
            var text = [CChar](repeating: 0, count: 512)
            let result = unsafe rd_kafka_conf_set(owner.pointer, name, value, &text, text.count)
            if result != RD_KAFKA_CONF_OK {
                let reason = Self.isSecret(name) ? "the value is not valid" : String(cText: text)
                throw .configuration("\(name): \(reason)")
            }
        }
        return owner
    }
}

enum ConfigurationResource: @unsafe CResource {
    static func destroy(_ pointer: OpaquePointer) {
        unsafe rd_kafka_conf_destroy(pointer)
    }
}

extension Substring {
    fileprivate func trimmingSpaces() -> Substring {
        var result = self
        while let first = result.first, first.isWhitespace { result.removeFirst() }
        while let last = result.last, last.isWhitespace { result.removeLast() }
        return result
    }
}
