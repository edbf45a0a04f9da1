import ArgumentParser
import Kafka
import Messages
import Operating
import Rules
import Stages
import Streaming
import SwiftProtobuf
import Testing
@testable import Reading
@testable import accountability

/// What is said of a year that is opened or closed, and of rows that belong to none.
@Suite struct YearCommandTests {
    @Test func aYearThatWasClosedIsLive() {
        #expect(YearAnnouncement.opened(2019, wasClosed: false, .determinations).hasPrefix("2019 is open: "))
        let live = YearAnnouncement.opened(2019, wasClosed: true, .determinations)
        #expect(live.hasPrefix("2019 was closed before, so it is live") && live.contains("corrections"))
        #expect(
            YearAnnouncement.closed(2019, seconds: 1.25, hasDeterminations: true, wasOpened: true, .determinations)
                == "2019 is complete after 1.2 s"
        )
        #expect(
            YearAnnouncement.closed(2007, seconds: 1, hasDeterminations: false, wasOpened: true, .figures)
                .hasSuffix("; it has no determinations, because its framework issues none")
        )
        let empty = YearAnnouncement.closed(2031, seconds: 1, hasDeterminations: false, wasOpened: false, .nothing)
        #expect(empty.hasPrefix("2031 was never opened") && !empty.contains("complete"))
    }

    /// What a year gets depends on its framework: 2020 and 2021 had no determinations, and 2022 only figures.
    @Test(arguments: [
        (2019, "publishes its determinations"), (2022, "publishes its figures; it has no determinations"),
        (2016, "publishes its figures; it has no determinations"), (2020, "no framework covers it"),
        (2021, "no framework covers it"), (2030, "no framework covers it"),
    ])
    func anOpenedYearIsPromisedWhatItGets(_ year: Int, _ words: String) throws {
        let text = YearAnnouncement.opened(
            year,
            wasClosed: false,
            YearOutlook(try FrameworkSet.builtIn.ifCovered(schoolYear: year))
        )
        #expect(text.contains(words), "\(text)")
        #expect(text.contains("publishes its determinations") == (year == 2019))
    }

    @Test(.enabled(if: TestBroker.isThere)) func theTopicsTellHowFarAYearIs() throws {
        let connection = try TestBroker.connection("years")
        func state(_ year: Int) -> YearState { YearState(connection: connection, year: year) }
        #expect(try !state(2019).isClosed() && !state(2019).wasOpened() && !state(2019).hasDeterminations())
        let partitions = try PipelineTopics(connection).partitions(of: Topics.submissions)
        try OperatorAct.commit(connection) { sink in
            try connection.pipeline.openYear(2019, partitions: partitions, into: sink)
            let marker = try CompletionMarker.encode(scope: "2018", stage: "validation", partition: 0, partitions: 2)
            let key = Array(marker.key.utf8)
            try sink.send(
                topic: connection.pipeline.name(Topics.progress),
                partition: 0,
                key: key.span,
                value: marker.value.span,
                eventType: Topics.completionType,
                cause: ""
            )
            let value: [UInt8] = try Accountability_V1_Determination().serializedBytes()
            try sink.send(
                topic: connection.pipeline.name(Topics.determinations),
                partition: 0,
                key: Array("2018/00010505".utf8).span,
                value: value.span,
                eventType: Topics.determinations.eventType,
                cause: ""
            )
        }
        #expect(try state(2019).wasOpened() && !state(2019).isClosed() && !state(2019).hasDeterminations())
        #expect(try state(2018).isClosed() && !state(2018).wasOpened() && state(2018).hasDeterminations())
        #expect(try !state(201).isClosed() && !state(201).hasDeterminations())
    }

    private func rejection(_ line: UInt64, _ year: UInt32, _ code: String = "malformed_year")
        -> Accountability_V1_Rejection
    {
        var rejection = Accountability_V1_Rejection()
        rejection.submission = "s"
        rejection.line = line
        rejection.schoolYear = year
        rejection.code = code
        return rejection
    }

    @Test func rowsWithoutAYearAreToldAndListed() throws {
        let all = [
            rejection(2, 0), rejection(2, 0, "malformed_code"), rejection(3, 2019, "malformed_code"),
            rejection(4, 0, "field_count"),
        ]
        let year = try RejectionsCommand.parse(["2019"])
        #expect(all.filter(year.isMeant).map(\.line) == [3])
        #expect(
            year.note(on: all)
                == "rejections: 2 rows whose school year could not be read are not among these: `accountability rejections --without-year` lists them"
        )
        let coded = try RejectionsCommand.parse(["2019", "--code", "field_count", "--submission", "s"])
        #expect(
            coded.note(on: all)
                == "rejections: 1 row whose school year could not be read is not among these: "
                + "`accountability rejections --without-year --submission s --code field_count` lists it"
        )
        #expect(year.note(on: [rejection(3, 2019)]) == nil)
        let without = try RejectionsCommand.parse(["--without-year"])
        #expect(all.filter(without.isMeant).map(\.line) == [2, 2, 4] && without.note(on: all) == nil)
        #expect(try RejectionsCommand.parse([]).note(on: all) == nil)
        #expect(throws: (any Error).self) { try RejectionsCommand.parse(["2019", "--without-year"]) }
    }

    @Test func aWrongUseIsToldWithTheUsageOfItsCommand() {
        let text = AccountabilityCommand.usageError(ValidationError("no such framework"), of: EvaluatePoints.self)
        #expect(text.hasPrefix("Error: no such framework\nUsage: accountability evaluate points "))
    }

    /// One time for all commands that ask, and a longer one for what the cluster has to do.
    @Test func oneTimeForAnAnswer() {
        #expect(BrokerPatience.answer == .seconds(15) && BrokerPatience.work > BrokerPatience.answer)
    }
}
