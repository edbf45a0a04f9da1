import Messages
import Rules
import Stages
import Streaming
import StreamingTesting
import Testing

/// Topics that were deleted, made anew or cut off: everything is made anew from what is whole, and nothing is told
/// twice.
@Suite struct RebuildTests {
    private func count(_ driver: InMemoryDriver, _ year: SmallYear, _ topic: TopicDefinition) -> Int {
        (driver.topics[year.pipeline.name(topic)] ?? []).joined()
            .count { !CompletionMarker.isMarker(key: $0.key.span) }
    }

    /// Nothing of the year is official, so that nothing is public: PublicationStageTests makes publications anew.
    static let derived = Topics.all.filter {
        ($0.retention == .compacted || $0 == Topics.records)
            && ![Topics.progress, Topics.positions, Topics.deliveries, Topics.publications].contains($0)
    }

    @Test(.timeLimit(.minutes(30)), arguments: derived.map(\.entity), [UInt64(1), 2])
    func aTableThatIsGoneIsMadeAnew(_ entity: String, seed: UInt64) throws {
        let topic = try #require(Topics.all.first { $0.entity == entity })
        let year = try SmallYear()
        let driver = try year.settled(seed: seed)
        let before = try year.tables(driver)
        #expect(before[entity]?.isEmpty == false)
        let (determined, notices) = (count(driver, year, Topics.determinations), count(driver, year, Topics.notices))
        driver.recreate(year.pipeline.name(topic))
        try driver.run()
        let after = try year.tables(driver)
        for (name, table) in before { #expect(after[name] == table, "\(entity) gone: \(name)") }
        if topic != Topics.determinations {
            #expect(count(driver, year, Topics.determinations) == determined, "nothing is determined anew")
            #expect(count(driver, year, Topics.notices) == notices, "nobody is told again")
        }
        // It lives on: what is whole stays as it is.
        driver.restartAll()
        try driver.run()
        #expect(try year.tables(driver) == after)
    }

    @Test func aRebuildOfWhatIsWholeChangesNothing() throws {
        let year = try SmallYear()
        let driver = try year.settled(seed: 3)
        let before = try year.tables(driver)
        let counts = [Topics.records, Topics.determinations, Topics.notices, Topics.percentiles, Topics.indicators]
            .map { count(driver, year, $0) }
        let ledger = year.pipeline.name(Topics.submissions)
        driver.rebuildAll(ledger, cutTo: (driver.topics[ledger] ?? []).map(\.count))
        try driver.run()
        #expect(try year.tables(driver) == before)
        let after = [Topics.records, Topics.determinations, Topics.notices, Topics.percentiles, Topics.indicators]
            .map { count(driver, year, $0) }
        #expect(after == counts)
    }

    /// A framework on record comes into force while the year lies there: everything is as if it had always been in
    /// force, and as before when it goes.
    @Test(arguments: [UInt64(7), 8])
    func anotherFrameworkIsComputedWholly(seed: UInt64) throws {
        let year = try SmallYear()
        let other = try Framework.proposed(
            """
            name: draft
            title: Draft of 2019
            school_years: [2019]
            based_on: "2019"
            minimum_size:
              accountability: {value: 60, status: assumed, source: a test}
            records:
              tested_grades: {value: [3, 4, 5, 6, 7], status: assumed, source: a test}
            """
        )
        let frameworks = FrameworkSet.builtIn.with(onRecord: [2019: other], identity: 7)
        let driver = try year.settled(seed: seed)
        let before = try year.tables(driver)
        let expected = try year.tables(year.settled(seed: seed, under: frameworks))
        for entity in [Topics.records, Topics.receipts, Topics.participation, Topics.indicators, Topics.determinations]
        {
            #expect(before[entity.entity] != expected[entity.entity], "the draft changes \(entity.entity)")
        }
        driver.reconfigure(year.stages(under: frameworks))
        try driver.run()
        let after = try year.tables(driver)
        for (name, table) in expected { #expect(after[name] == table, "under the draft: \(name)") }
        driver.reconfigure(year.stages(under: .builtIn))
        try driver.run()
        let back = try year.tables(driver)
        for (name, table) in before { #expect(back[name] == table, "without it again: \(name)") }
    }

    /// A framework that comes into force, or goes again, revises each determination once.
    ///
    /// The stages start again at different moments, and each waits for those before it.
    @Test(arguments: UInt64(11)...14)
    func anotherFrameworkRevisesEachDeterminationOnce(seed: UInt64) throws {
        let year = try SmallYear()
        let other = try Framework.proposed(
            """
            name: draft
            title: Draft of 2019
            school_years: [2019]
            based_on: "2019"
            minimum_size:
              accountability: {value: 8, status: assumed, source: a test}
            percentile:
              steps: {value: 50, status: assumed, source: a test}
            """
        )
        let driver = try year.settled(seed: seed)
        let topic = year.pipeline.name(Topics.determinations)
        for frameworks in [FrameworkSet.builtIn.with(onRecord: [2019: other], identity: 7), .builtIn] {
            let lengths = (driver.topics[topic] ?? []).map(\.count)
            let before = driver.table(topic)
            driver.reconfigure(year.stages(under: frameworks))
            try driver.run()
            var revisions: [[UInt8]: Int] = [:]
            for (log, length) in zip(driver.topics[topic] ?? [], lengths) {
                for record in log[length...] where !CompletionMarker.isMarker(key: record.key.span) {
                    revisions[record.key, default: 0] += 1
                }
            }
            let changed = driver.table(topic).filter { before[$0.key] != $0.value }
            #expect(!changed.isEmpty && Set(revisions.keys) == Set(changed.keys))
            #expect(revisions.values.allSatisfy { $0 == 1 }, "\(revisions.values.max() ?? 0) revisions of one")
        }
    }

    /// What the ledger lost is retracted everywhere, as if it had never been there.
    @Test func whatTheLedgerLostIsRetracted() throws {
        let year = try SmallYear()
        let ledger = year.pipeline.name(Topics.submissions)
        let short = try year.settled(seed: 4, corrections: 0)
        let ends = (short.topics[ledger] ?? []).map(\.count)
        let driver = try year.settled(seed: 4)
        #expect((driver.topics[ledger] ?? []).map(\.count) != ends)
        let whole = try year.tables(driver)
        driver.rebuildAll(ledger, cutTo: ends)
        try driver.run()
        let (after, expected) = (try year.tables(driver), try year.tables(short))
        #expect(whole != expected)
        for (name, table) in expected { #expect(after[name] == table, "\(name)") }
    }

    /// Tasks keep account of what they publish: a record that is lost or forged is found when they start the next time.
    @Test(arguments: accounted.map(\.entity), ["lost", "changed", "foreign", "added"])
    func whatIsNotAsItWasPublishedIsMadeAnew(_ entity: String, _ fault: String) throws {
        let topic = try #require(Topics.all.first { $0.entity == entity })
        let year = try SmallYear()
        let driver = try year.settled(seed: 5, corrections: 1)
        #expect(try driver.unaccounted() == [])
        driver.restartAll()
        try driver.run()
        #expect(driver.mended == [], "nothing is wrong")
        let before = try year.tables(driver)
        let name = year.pipeline.name(topic)
        let records = (driver.topics[name] ?? []).enumerated()
            .flatMap { partition, log in log.map { (partition, $0) } }
        let (partition, record) = try #require(
            records.last { !CompletionMarker.isMarker(key: $0.1.key.span) && $0.1.value != nil }
        )
        switch fault {
        case "lost": #expect(driver.lose(record.key, topic: name))
        default:
            var forged = record
            if fault == "added" {
                // The key of another organization, year or submission, as a stage would write it.
                forged.key = try other(record.key, entity)
            } else {
                forged.value = try #require(records.first { $0.1.value != nil && $0.1.value != record.value }).1.value
                if fault == "foreign" { forged.eventType = "of.another.type" }
            }
            driver.append(forged, topic: name, partition: Int32(partition))
        }
        #expect(try driver.unaccounted() == ["\(name)[\(partition)]"])
        driver.restartAll()
        try driver.run()
        #expect(Set(driver.mended) == [name])
        #expect(try driver.unaccounted() == [])
        let after = try year.tables(driver)
        for (table, rows) in before { #expect(after[table] == rows, "\(entity) \(fault): \(table)") }
    }

    /// The records are a log, and the account finds what is lost or forged there.
    ///
    /// A rebuild publishes behind it what is to stand. What lies under no task's name goes only with the topic.
    @Test(arguments: ["lost", "changed", "foreign", "added"])
    func recordsThatAreNotAsTheyWerePublishedAreFoundAndMended(_ fault: String) throws {
        let year = try SmallYear()
        let driver = try year.settled(seed: 6, corrections: 1)
        #expect(try driver.unaccounted() == [])
        let name = year.pipeline.name(Topics.records)
        let tables = [
            Topics.participation, Topics.indicators, Topics.standings, Topics.percentiles, Topics.determinations,
        ]
        let before = try year.tables(driver)
        let blocks = (driver.topics[name] ?? []).enumerated()
            .flatMap { partition, log in log.map { (partition, $0) } }
            .filter { !CompletionMarker.isMarker(key: $0.1.key.span) }
        let (partition, newest) = try #require(blocks.last)
        if fault == "lost" {
            #expect(driver.lose(newest.key, topic: name))
        } else {
            // An older block of the partition again: what it says was replaced since.
            var forged = try #require(blocks.first { $0.0 == partition && $0.1.value != newest.value }).1
            if fault == "changed" { forged.key = newest.key }
            if fault == "added" { forged.key[3] ^= 1 }
            if fault == "foreign" { forged.eventType = "of.another.type" }
            driver.append(forged, topic: name, partition: Int32(partition))
        }
        #expect(try driver.unaccounted() == ["\(name)[\(partition)]"])
        let ledger = year.pipeline.name(Topics.submissions)
        if fault == "lost" {
            driver.recreate(name)
        } else {
            driver.rebuildAll(ledger, cutTo: (driver.topics[ledger] ?? []).map(\.count))
        }
        try driver.run()
        #expect(try driver.unaccounted() == [])
        let after = try year.tables(driver)
        for table in tables { #expect(after[table.entity] == before[table.entity], "\(fault): \(table.entity)") }
    }

    static let accounted = derived.filter { ![Topics.records].contains($0) }

    /// A key of the same form that nobody has published: with the last digit of the year, or of a receipt's
    /// submission, changed.
    private func other(_ key: [UInt8], _ entity: String) throws -> [UInt8] {
        var key = key
        let place =
            entity == Topics.receipts.entity ? try #require(key.lastIndex(of: UInt8(ascii: "/"))) - 1 : 3
        key[place] = key[place] == UInt8(ascii: "1") ? UInt8(ascii: "2") : UInt8(ascii: "1")
        return key
    }
}
