import Messages
import Rules
import Stages
import Streaming
import Testing

@testable import Year

/// The decisions about what to show come again from the ledger, after a broker has forgotten the publications.
@Suite(.timeLimit(.minutes(30))) struct PublishedHistoryTests {
    /// By place, the numbers of students that a publication shows.
    private func numbers(_ publications: some Sequence<Accountability_V1_Publication>) -> [String: UInt32] {
        var numbers: [String: UInt32] = [:]
        for publication in publications {
            for figure in publication.figures where figure.hasStudents {
                numbers["\(publication.orgCode) \(figure.measure) \(figure.group)"] = figure.students
            }
        }
        return numbers
    }

    /// The newest publications of an installation that published each of these files before the next one came.
    private func published(_ state: StateFiles, _ later: [InputFile]) throws -> [Accountability_V1_Publication] {
        let computation = YearComputation(settings: YearProcess.Settings(threads: 2))
        let result = try computation.run(state.files, corrections: later)
        return try result.tables.messages(TableTopics.publications, year: 2019).map(\.message)
    }

    /// The ledger of an installation: every year open, the files, the close of every year, then acts and corrections.
    private func ledger(_ state: StateFiles, _ later: [InputFile], _ partitions: Int32) throws -> [MemoryBatch] {
        let collector = LedgerCollector(partitions: partitions)
        let pipeline = Pipeline()
        let computation = YearComputation(settings: YearProcess.Settings(threads: 2, partitions: partitions))
        let key = try YearComputation.passingKey()
        let years = try computation.openYears()
        for year in years { try pipeline.openYear(year, partitions: partitions, into: collector) }
        func submit(_ files: [InputFile], _ names: [String]) throws {
            let writing = LedgerWriting(
                files: files,
                submissions: names,
                options: computation.options,
                key: key,
                pipeline: pipeline,
                partitions: partitions,
                received: 1_569_283_200_000
            )
            _ = try writing.run { batches, _ in
                for (partition, batch) in batches.enumerated() {
                    try batch.visit { record in
                        try collector.send(
                            topic: "",
                            partition: Int32(partition),
                            key: record.key,
                            value: record.value,
                            eventType: record.isMarker ? Topics.completionType : Topics.submissions.eventType,
                            cause: ""
                        )
                    }
                }
            }
        }
        let names = YearComputation.submissions(state.files + later)
        try submit(state.files, Array(names.prefix(state.files.count)))
        for year in years {
            for partition in 0..<partitions {
                let marker = try CompletionMarker.encode(
                    scope: "\(year)",
                    stage: CompletionMarker.operatorStage,
                    partition: 0,
                    partitions: 1
                )
                let key = Array(marker.key.utf8)
                try collector.send(
                    topic: "",
                    partition: partition,
                    key: key.span,
                    value: marker.value.span,
                    eventType: Topics.completionType,
                    cause: ""
                )
            }
        }
        for (file, name) in zip(later, names.suffix(later.count)) { try submit([file], [name]) }
        return collector.take()
    }

    /// Whoever has only the ledger computes the same decisions again, though corrections came after them.
    @Test func theDecisionsAreTheSameFromTheLedgerAlone() throws {
        let state = try StateFiles(students: 1500, seed: 31)
        let later = [try state.release()] + state.corrections
        let settings = YearProcess.Settings(threads: 2, partitions: 3)
        let history = PublishedHistory(pipeline: Pipeline(), settings: settings)
        let atOnce = try YearProcess(settings: settings)
        let batches = try ledger(state, later, 3)
        for (partition, batch) in batches.enumerated() {
            batch.visit { record in
                guard let value = record.value else { return }
                let place = Int32(partition)
                history.take(partition: place, key: record.key, value: value, isMarker: record.isMarker)
            }
        }
        try atOnce.feed(batches)
        try atOnce.settle()
        let expected = try published(state, later)
        let found = try history.publications().filter { $0.key.schoolYear == 2019 }.map(\.message)
        #expect(numbers(found) == numbers(expected) && !numbers(found).isEmpty)
        #expect(found.map(\.revision) == expected.map(\.revision) && found.contains { $0.revision > 1 })
        #expect(found.allSatisfy { $0.issuedUnixMilliseconds == 1_569_283_200_000 })
        let others = try atOnce.tables.messages(TableTopics.publications, year: 2019).map(\.message)
        #expect(numbers(others) != numbers(expected), "today's records decide otherwise")
    }
}
