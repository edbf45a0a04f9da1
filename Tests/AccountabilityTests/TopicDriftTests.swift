import Messages
import Testing

@testable import Reading
@testable import accountability

@Suite struct TopicDriftTests {
    private func drift(
        _ topic: TopicDefinition,
        _ changes: [String: String],
        isLocalBroker: Bool = false
    ) -> [String] {
        var properties = TopicDrift.required(topic)
        properties["max.message.bytes"] = "1048588"
        for (name, value) in changes { properties[name] = value }
        return TopicDrift.properties(
            topic,
            "accountability.\(topic.entity).v1",
            properties,
            brokers: "kafka:9092",
            isLocalBroker: isLocalBroker
        )
    }

    @Test func whatIsAsItMustBeIsNoProblem() {
        for topic in Topics.all { #expect(drift(topic, [:]).isEmpty, "\(topic.entity)") }
    }

    /// Each of them loses records, or their order, without anybody being told.
    @Test(
        arguments: [
            (Topics.submissions, "retention.ms", "604800000"), (Topics.submissions, "retention.bytes", "1073741824"),
            (Topics.submissions, "cleanup.policy", "compact"), (Topics.notices, "retention.bytes", "1000"),
            (Topics.determinations, "cleanup.policy", "compact,delete"),
            (Topics.determinations, "unclean.leader.election.enable", "true"),
            (Topics.submissions, "message.timestamp.type", "LogAppendTime"),
            (Topics.determinations, "delete.retention.ms", "86400000"),
            (Topics.submissions, "max.message.bytes", "65536"), (Topics.positions, "segment.bytes", "1073741824"),
        ] as [(TopicDefinition, String, String)]
    )
    func whatDriftedIsNamedWithItsRemedy(_ topic: TopicDefinition, _ property: String, _ value: String) {
        let found = drift(topic, [property: value])
        #expect(found.count == 1)
        let name = "accountability.\(topic.entity).v1"
        #expect(found.first?.contains("\(name): \(property) is \(value)") == true)
        #expect(
            found.first?
                .contains(
                    "kafka-configs.sh --bootstrap-server kafka:9092 --alter --entity-type topics --entity-name \(name) --add-config \(property)="
                ) == true
        )
    }

    /// A home whose topics were created before there were limits of segments needs no repair.
    @Test func theLocalBrokerHasNoSegments() {
        #expect(drift(Topics.positions, ["segment.bytes": "1073741824"], isLocalBroker: true).isEmpty)
    }

    /// What was a table before there were blocks is made anew, not turned into a log that begins with a table.
    @Test(arguments: [false, true]) func recordsOfBeforeAreMadeAnew(_ isLocalBroker: Bool) {
        let found = drift(Topics.records, ["cleanup.policy": "compact"], isLocalBroker: isLocalBroker)
        #expect(found.count == 1)
        #expect(found.first?.contains("`accountability topics --recreate records --yes`") == true)
        #expect(found.first?.contains("kafka-configs") == false)
    }

    @Test func theLocalBrokersOwnLimitsAreNotJudged() {
        #expect(drift(Topics.submissions, ["max.message.bytes": "1"], isLocalBroker: true).isEmpty)
        #expect(drift(Topics.submissions, ["cleanup.policy": "compact"], isLocalBroker: true).count == 1)
    }

    /// The topic that is unlike the others is the odd one, and the ledger is never to be deleted.
    @Test func theOddTopicIsNamed() {
        #expect(TopicDrift.partitions(of: [3, 3, 6, 3]) == 3)
        #expect(TopicDrift.partitions(of: [6, 6, 3]) == 6)
        #expect(TopicDrift.partitions(of: []) == 0)
        let ledger = TopicDrift.partitions(Topics.submissions, "ledger", 6, 3)
        #expect(ledger.contains("Do not delete it") && !ledger.contains("--delete"))
        let table = TopicDrift.partitions(Topics.indicators, "indicators", 6, 3)
        #expect(table.contains("`accountability topics --recreate indicators --yes`"))
    }
}
