import Messages
import Stages
import Streaming
import StreamingTesting
import SwiftProtobuf
import Testing

/// Records of the right type that say what cannot be, on every table that a stage reads.
///
/// Each goes to quarantine with its place, every stage lives on, and once the true record is back everything is as it
/// was.
@Suite struct StrangersTests {
    /// What a stranger makes of a true record.
    struct Absurdity: Sendable, CustomTestStringConvertible {
        let name: String
        let topic: TopicDefinition
        /// Whether it is made of this record.
        let fits: @Sendable (_ key: String) -> Bool
        let make: @Sendable (_ key: String, _ value: [UInt8]) throws -> (key: String, value: [UInt8])

        var testDescription: String { "\(topic.entity): \(name)" }

        init<Message: TableMessage>(
            _ name: String,
            _ table: Topic<some TopicKey, Message>,
            of part: String = "",
            _ change: @escaping @Sendable (inout Message) -> Void
        ) {
            self.name = name
            topic = table.definition
            fits = { $0.contains(part) }
            make = { key, value in
                var message = try Message(serializedBytes: value)
                change(&message)
                return (key, try message.serializedBytes())
            }
        }

        init(_ topic: TopicDefinition, key: String) {
            name = "key \(key)"
            self.topic = topic
            fits = { _ in true }
            make = { (key, $1) }
        }
    }

    static let absurdities: [Absurdity] = [
        .init("a year above any", TableTopics.participation) { $0.schoolYear = .max },
        .init("more participants than were due", TableTopics.participation) { $0.participants = .max },
        .init("a rate of 9e17", TableTopics.participation) { $0.rateExact = "900000000000000000" },
        .init("a value of -9e17", TableTopics.indicators, of: "/value/") { $0.value.value = "-900000000000000000" },
        .init("a value that is no number", TableTopics.indicators, of: "/value/") { $0.value.value = "nan" },
        .init("a count above any", TableTopics.indicators, of: "/value/") { $0.value.count = .max },
        .init("a sum of 2^63", TableTopics.indicators, of: "/value/") { ($0.value.sum, $0.value.divisor) = (.min, 1) },
        .init("a rate above 100", TableTopics.indicators, of: "chronic_absenteeism") { $0.value.value = "101" },
        .init("an enrollment above any", TableTopics.indicators, of: "/organization") {
            $0.organization.enrollment = .max
        },
        .init("a target of 9e17", TableTopics.indicators, of: "/target/") { $0.target.target = "900000000000000000" },
        .init("a year above any", TableTopics.standings) { $0.schoolYear = .max },
        .init("a value of 9e17", TableTopics.standings) { $0.values[0].value = "900000000000000000" },
        .init("an unknown indicator", TableTopics.standings) { $0.values[0].indicator = "weather" },
        .init("an enrollment above any", TableTopics.standings) { $0.nonHighEnrollment = .max },
        .init("years before any", TableTopics.standings) { $0.reconfigured = .max },
        .init("a percentile of 2^32", TableTopics.percentiles, of: "/all_students/non_high") {
            $0.percentile.percentile = .max
        },
        .init("a threshold of 9e17", TableTopics.percentiles, of: "threshold") {
            $0.threshold.at80 = "900000000000000000"
        },
        .init("a threshold as a norm of a later year", TableTopics.percentiles, of: "threshold") {
            $0.norm.standings = [.with { $0.schoolYear = .max }]
        },
        .init(Topics.percentiles, key: "-9223372036854775808/norm/all_students/00010000"),
        .init(Topics.percentiles, key: "9223372036854775807/norm/all_students/00010000"),
        .init(Topics.percentiles, key: "9223372036854775807/threshold/school/high/all_students/dropout"),
        .init(Topics.standings, key: "-9223372036854775808/all_students/00010505"),
        .init(Topics.indicators, key: "9223372036854775807/00010505/organization"),
        .init(Topics.participation, key: "9223372036854775807/00010505/all/all_students/ELA"),
        .init(Topics.determinations, key: "9223372036854775807/00010505"),
        .init(Topics.directives, key: "9223372036854775807/designation/00010505/underperforming"),
        .init("a date that is none", TableTopics.directives) { $0.endDate = "9223372036854775807" },
        .init("a year above any", TableTopics.directives) { $0.schoolYear = .max },
        .init("a revision of 2^32", TableTopics.determinations) { $0.revision = .max },
        .init("a time before any", TableTopics.determinations) { $0.issuedUnixMilliseconds = .min },
        .init("a percentage of 2^32", TableTopics.determinations) { $0.cumulative = .max },
    ]

    @Test(.timeLimit(.minutes(30)))
    func whatNoStateHasGoesToQuarantine() throws {
        let year = try SmallYear()
        let driver = try year.settled(seed: 1)
        var intrusion = Intrusion(year, driver)
        let before = try intrusion.tables()
        for absurdity in Self.absurdities {
            let name = year.pipeline.name(absurdity.topic)
            let victim = try #require(
                intrusion.standing(absurdity.topic).first { absurdity.fits(String(decoding: $0.key, as: UTF8.self)) },
                "\(absurdity.testDescription)"
            )
            let (key, value) = try absurdity.make(String(decoding: victim.key, as: UTF8.self), victim.value)
            let place = driver.topics[name]?[Int(victim.partition)].count ?? 0
            intrusion.put(absurdity.topic, victim.partition, key: Array(key.utf8), value: value)
            try driver.run()
            // A stage that starts anew meets it among its sources, or among what it published.
            driver.restartAll()
            try driver.run()
            let quarantined = intrusion.standing(Topics.quarantine).map { String(decoding: $0.key, as: UTF8.self) }
            #expect(
                quarantined.contains { $0.hasPrefix("\(name)/\(victim.partition)/\(place)/") },
                "\(absurdity.testDescription)"
            )
            intrusion.repair()
            try driver.run()
        }
        let after = try intrusion.tables()
        for (entity, table) in before {
            #expect(table.allSatisfy { after[entity]?[$0.key] == $0.value }, "\(entity)")
            #expect(after[entity]?.count == table.count, "\(entity)")
        }
    }

    @Test func aMarkerOfAnUnknownStageOrYearCompletesNothing() throws {
        let year = try SmallYear()
        let driver = try year.settled(seed: 1)
        let intrusion = Intrusion(year, driver)
        let before = try intrusion.tables()
        let published = driver.topics.values.joined().reduce(0) { $0 + $1.count }
        var found = 0
        for topic in Intrusion.tables {
            for (scope, stage) in [
                ("9223372036854775807", topic.publisher ?? ""), ("-9223372036854775808", topic.publisher ?? ""),
                ("02019", topic.publisher ?? ""), ("2019", "forecast"),
            ] {
                let partitions = Int32(driver.topics[year.pipeline.name(topic)]?.count ?? 1)
                let marker = try CompletionMarker.encode(
                    scope: scope,
                    stage: stage,
                    partition: 0,
                    partitions: stage == "forecast" ? 100 : partitions
                )
                driver.append(
                    StoredRecord(key: Array(marker.key.utf8), value: marker.value, eventType: Topics.completionType),
                    topic: year.pipeline.name(topic),
                    partition: 0
                )
                found += 1
            }
        }
        try driver.run()
        driver.restartAll()
        try driver.run()
        #expect(try intrusion.tables() == before)
        let quarantined = intrusion.standing(Topics.quarantine)
            .filter {
                String(decoding: $0.key, as: UTF8.self).contains("/0/")
            }
        #expect(!quarantined.isEmpty)
        let after = driver.topics.values.joined().reduce(0) { $0 + $1.count }
        #expect(after - published <= found + quarantined.count, "nothing is published but what is in quarantine")
    }
}
