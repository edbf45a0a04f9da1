/// The AsyncAPI document of the pipeline, generated from the topic catalogue.
///
/// `Schemas/asyncapi.yaml` contains its text.
public enum AsyncAPIDocument {
    /// The document, AsyncAPI 3.0 as YAML.
    public static var yaml: String {
        var lines = [
            "# Made from Sources/Messages/Topics/TopicCatalogue.swift by `accountability topics --asyncapi`; a test keeps it in step.",
            "asyncapi: 3.0.0",
            "info:",
            "  title: accountability",
            "  version: 1.0.0",
            "  description: >-",
            "    A state's yearly school accountability computation under 603 CMR 2.03 as Kafka topics. Values are protobuf messages of",
            "    Schemas/accountability/v1; headers are CloudEvents 1.0 in binary mode. A record whose key begins with ~ is a completion",
            "    marker: every partition of a table's source has published everything of a school year. A namespace option prefixes",
            "    every address.",
            "defaultContentType: application/protobuf",
            "channels:",
        ]
        for topic in Topics.all { lines += channel(topic) }
        lines.append("operations:")
        for topic in Topics.all {
            lines += [
                "  subscribe_\(topic.entity):",
                "    action: receive",
                "    channel:",
                "      $ref: '#/channels/\(topic.entity)'",
                "    summary: \(quoted("Read \(topic.summary.prefix(1).lowercased())\(topic.summary.dropFirst())"))",
            ]
        }
        lines += ["components:", "  messages:"]
        for topic in Topics.all where topic.eventType != Topics.completionType { lines += message(topic) }
        lines += [
            "    completion:",
            "      name: completion",
            "      contentType: application/protobuf",
            "      headers:",
            "        $ref: '#/components/schemas/cloudEventHeaders'",
            "      payload:",
            "        schemaFormat: application/vnd.google.protobuf;version=3",
            "        schema:",
            "          $ref: './streaming/v1/completion.proto'",
            "  schemas:",
            "    cloudEventHeaders:",
            "      type: object",
            "      required: [ce_specversion, ce_id, ce_source, ce_type, ce_time, ce_subject, content-type]",
            "      properties:",
            "        ce_specversion: {type: string, const: '1.0'}",
            "        ce_id: {type: string, description: Unique with ce_source.}",
            "        ce_source: {type: string, description: The stage that published it.}",
            "        ce_type: {type: string, description: Tells a table's record from a completion marker.}",
            "        ce_time: {type: string, format: date-time}",
            "        ce_subject: {type: string, description: The record's key.}",
            "        ce_cause: {type: string, description: 'The submission that made it necessary, where there is one.'}",
            "        content-type: {type: string, const: application/protobuf}",
        ]
        return lines.joined(separator: "\n") + "\n"
    }

    private static func channel(_ topic: TopicDefinition) -> [String] {
        var lines = [
            "  \(topic.entity):",
            "    address: \(topic.name(in: ""))",
            "    description: \(quoted("\(topic.summary) Key: \(topic.key). Partitioned by \(topic.partitioning.rawValue)."))",
            "    messages:",
        ]
        if topic.eventType != Topics.completionType {
            lines += ["      \(topic.eventType):", "        $ref: '#/components/messages/\(topic.entity)'"]
        }
        lines += ["      \(Topics.completionType):", "        $ref: '#/components/messages/completion'"]
        lines += ["    bindings:", "      kafka:", "        topicConfiguration:"]
        for (name, value) in topic.configuration.sorted(by: { $0.key < $1.key }) {
            lines.append(name == "cleanup.policy" ? "          \(name): [\(value)]" : "          \(name): \(value)")
        }
        if topic.partitioning == .single { lines.append("        partitions: 1") }
        return lines
    }

    private static func message(_ topic: TopicDefinition) -> [String] {
        let type = topic.message.split(separator: ".").last.map(String.init) ?? ""
        return [
            "    \(topic.entity):",
            "      name: \(topic.message)",
            "      summary: \(quoted(topic.summary))",
            "      contentType: application/protobuf",
            "      headers:",
            "        $ref: '#/components/schemas/cloudEventHeaders'",
            "      payload:",
            "        schemaFormat: application/vnd.google.protobuf;version=3",
            "        schema:",
            "          $ref: './\(topic.schemaFile)#\(type)'",
        ]
    }

    private static func quoted(_ text: String) -> String {
        "'\(text.replacing("'", with: "''"))'"
    }
}
