import Foundation
import Kafka
import Testing

@Suite("Configuration")
struct ConfigurationTests {
    @Test(
        "secrets never print",
        arguments: [
            "sasl.password", "ssl.key.password", "ssl.keystore.password", "ssl.key.pem", "ssl.certificate.pem",
            "sasl.oauthbearer.client.secret", "sasl.oauthbearer.config",
        ]
    )
    func secrets(property: String) {
        var configuration = KafkaConfiguration(bootstrapServers: "host:9092")
        configuration[property] = "hunter2"
        configuration["client.id"] = "tester"
        #expect(configuration.description.contains("\(property)=********"))
        #expect(!configuration.description.contains("hunter2"))
        #expect(configuration.description.contains("client.id=tester"))
        #expect(configuration[property] == "hunter2")
    }

    @Test("an unknown property is an error that names it")
    func unknownProperty() {
        var configuration = KafkaConfiguration(bootstrapServers: "host:9092")
        configuration["no.such.property"] = "1"
        let error = #expect(throws: KafkaError.self) { try Producer(configuration, logger: quiet) }
        #expect(error?.code == .invalidConfiguration)
        #expect(error?.message.contains("no.such.property") == true)
    }

    @Test("a value that is not accepted is an error that names the property")
    func badValue() {
        var configuration = KafkaConfiguration(bootstrapServers: "host:9092")
        configuration["linger.ms"] = "soon"
        let error = #expect(throws: KafkaError.self) { try Producer(configuration, logger: quiet) }
        #expect(error?.code == .invalidConfiguration)
        #expect(error?.message.contains("linger.ms") == true)
    }

    @Test("properties that contradict each other are an error")
    func contradiction() {
        var configuration = KafkaConfiguration(bootstrapServers: "host:9092")
        configuration["acks"] = "1"
        let error = #expect(throws: KafkaError.self) { try Producer(configuration, logger: quiet) }
        #expect(error?.code == .invalidConfiguration)
        #expect(error?.message.contains("acks") == true)
    }

    @Test("cooperative assignors are refused, and so is a subscription without a group")
    func consumerRules() throws {
        var configuration = KafkaConfiguration(bootstrapServers: "host:9092")
        let consumer = try Consumer(configuration, logger: quiet)
        let withoutGroup = #expect(throws: KafkaError.self) { try consumer.subscribe(["topic"]) }
        #expect(withoutGroup?.message.contains("group.id") == true)
        consumer.close(timeout: .seconds(2))
        let closed = #expect(throws: KafkaError.self) { try consumer.unassign() }
        #expect(closed?.code == .closed)
        configuration["partition.assignment.strategy"] = "cooperative-sticky"
        let cooperative = #expect(throws: KafkaError.self) { _ = try Consumer(configuration, logger: quiet) }
        #expect(cooperative?.code == .invalidConfiguration)
    }

    @Test("a properties file is read, and its errors name the line but not its content")
    func file() throws {
        let path = NSTemporaryDirectory() + "/" + unique("properties")
        defer { try? FileManager.default.removeItem(atPath: path) }
        try write("# comment\n\n a.b = c=d \nsasl.password=\n", to: path)
        var configuration = KafkaConfiguration(bootstrapServers: "host:9092")
        try configuration.load(propertiesFile: path)
        #expect(configuration["a.b"] == "c=d")
        #expect(configuration["sasl.password"] == "")
        #expect(configuration["bootstrap.servers"] == "host:9092")
        try write("x=1\nhunter2\n", to: path)
        let error = #expect(throws: KafkaError.self) { try configuration.load(propertiesFile: path) }
        #expect(error?.message.contains("line 2") == true)
        #expect(error?.message.contains("hunter2") == false)
        let absent = #expect(throws: KafkaError.self) { try configuration.load(propertiesFile: path + "-absent") }
        #expect(absent?.code == .invalidConfiguration)
    }

    private func write(_ text: String, to path: String) throws {
        try text.write(toFile: path, atomically: true, encoding: .utf8)
    }
}
