import Messages
import Stages
import Streaming
import StreamingTesting
import Testing

/// Histories of records, run through a stage in different ways.
enum MeasuresHistories {
    /// Compares ways to run a history.
    ///
    /// As it happened, disturbed, with the close somewhere in it, over one and over six partitions; then what
    /// survives of it, shuffled, in a fresh run. All must give the same tables.
    static func check(_ history: RandomHistory, seed: UInt64, _ stage: () -> any Stage) throws {
        var random = SplitMix64(seed: seed &+ 99)
        let fresh = try MeasuresRun(stage(), partitions: 6, seed: seed)
        try fresh.append(history.surviving.values.sorted { $0.key < $1.key }.shuffled(using: &random))
        try fresh.close(2018, 2019)
        try fresh.driver.run()
        for (partitions, form) in [(1, 0), (6, 0), (6, 1), (6, 2)] as [(Int32, Int)] {
            let run = try MeasuresRun(stage(), partitions: partitions, seed: seed, disturbed: true)
            let closes = [2018, 2019].map { _ in Int(random.next() % UInt64(history.events.count)) }
            for (index, event) in history.events.enumerated() {
                for (year, close) in zip([2018, 2019], closes) where close == index { try run.close(year) }
                // In blocks, in records by themselves, or now one and now the other, as after an upgrade.
                let isSingle = form == 1 || form == 2 && random.next() % 2 == 0
                try run.append(
                    event.fact,
                    retract: event.isRetraction,
                    cause: "event \(index)",
                    isSingle: isSingle
                )
                if index % 150 == 149 {
                    try run.driver.run()
                    run.driver.restartAll()
                }
            }
            try run.driver.run()
            #expect(run.driver.disturbed > 0)
            #expect(run.driver.unusable.isEmpty)
            for topic in [Topics.participation, Topics.indicators, Topics.standings] {
                #expect(
                    run.table(topic) == fresh.table(topic),
                    "\(topic.entity), \(partitions) partitions, form \(form)"
                )
            }
            // What came and went leaves no rejection open. A log of single rows is compacted: a restored task may not
            // know any more of a record that was retracted.
            let open = (try run.openRejections(), try fresh.openRejections())
            if form == 0 { #expect(open.0 == open.1, "\(partitions) partitions") }
        }
        #expect(!fresh.table(Topics.participation).isEmpty || !fresh.table(Topics.standings).isEmpty)
    }
}
