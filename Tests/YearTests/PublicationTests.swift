import Messages
import Reading
import Rules
import Stages
import Streaming
import Testing

@testable import Year
@testable import accountability

/// An attacker reads everything that is published of a state, in every revision, and computes what is hidden.
@Suite(.timeLimit(.minutes(30))) struct PublicationTests {
    /// The numbers of students that there are, by measure, organization and group.
    private typealias Truth = [PublishedMeasure: [OrganizationCode: [StudentGroup: Int64]]]

    private struct State {
        let result: YearResult

        /// The figures of 2019 that are the Department's alone.
        func truth() throws -> Truth {
            var truth: Truth = [:]
            for (key, rate) in try result.tables.messages(TableTopics.participation, year: 2019)
            where rate.grade == "all" && rate.judged {
                truth[.participation(key.unit), default: [:]][key.organization, default: [:]][key.group] =
                    Int64(rate.students)
            }
            for (key, entry) in try result.tables.messages(TableTopics.indicators, year: 2019) {
                guard case .value(let place) = key.entry, entry.value.hasCount else { continue }
                truth[.indicator(place.span, place.indicator), default: [:]][key.organization, default: [:]][
                    place.group
                ] =
                    Int64(entry.value.count)
            }
            return truth
        }

        /// What the public has read of 2019: every revision of every organization.
        func published() throws -> [OrganizationCode: [Accountability_V1_Publication]] {
            var revisions: [OrganizationCode: [Accountability_V1_Publication]] = [:]
            try result.tables.visit(TableTopics.publications) { key, message in
                if key.schoolYear == 2019, let message { revisions[key.organization, default: []].append(message) }
            }
            return revisions
        }
    }

    /// What the attacker knows at a time: the numbers that stand published.
    private typealias Shown = [PublishedMeasure: [String: Int64]]

    private func shown(_ publications: [Accountability_V1_Publication]) throws -> Shown {
        var shown: Shown = [:]
        for publication in publications {
            for figure in publication.figures where figure.hasStudents {
                let measure = try #require(PublishedMeasure(figure.measure))
                shown[measure, default: [:]]["\(publication.orgCode)/\(figure.group)"] = Int64(figure.students)
            }
        }
        return shown
    }

    /// The small groups whose number of students can be computed from what was shown at several times.
    private func computable(_ times: [(shown: Shown, truth: Truth)]) throws -> Set<DisclosureAttack.Leak> {
        var measures: [OrganizationCode: [DisclosureAttack.Measure]] = [:]
        for (shown, truth) in times {
            for (measure, counts) in truth {
                // Where nothing of a measure is shown, nothing is known of it.
                let districts = Set(
                    (shown[measure] ?? [:]).keys.compactMap { OrganizationCode($0.prefix(8))?.district }
                )
                for district in districts {
                    let own = counts.filter { $0.key.district == district }
                    let table = DisclosureTable(counts: own, district: district, complements: true)
                    measures[district, default: []].append(.init("\(measure)", table, shown: shown[measure] ?? [:]))
                }
            }
        }
        return measures.values.reduce(into: []) { $0.formUnion(DisclosureAttack($1, minimum: 10).leaks) }
    }

    /// What `accountability audit --disclosure` finds.
    private func audited(_ state: State, _ frameworks: FrameworkSet = .builtIn) throws -> DisclosureCheck.Result {
        var check = DisclosureCheck()
        let tables = state.result.tables
        for (key, message) in try tables.messages(TableTopics.publications, year: 2019) { try check.take(message, key) }
        for (key, message) in try tables.messages(TableTopics.participation, year: 2019) { check.take(message, key) }
        for (key, message) in try tables.messages(TableTopics.indicators, year: 2019) { check.take(message, key) }
        return try check.result(frameworks)
    }

    /// The rates that say that few students are counted, or few are not.
    private func tellingRates(_ publications: [Accountability_V1_Publication]) throws -> [String] {
        var telling: [String] = []
        for publication in publications {
            for figure in publication.figures where figure.hasStudents && !figure.value.isEmpty {
                let measure = try #require(PublishedMeasure(figure.measure))
                if case .indicator(_, let indicator) = measure, !indicator.isRate { continue }
                // Of how many it was, last year's publication tells.
                if !figure.prior.isEmpty { telling.append("\(publication.orgCode) \(figure.measure) \(figure.prior)") }
                guard let rate = Ratio.reading(figure.value) else { continue }
                let size = Int64(figure.students)
                let digits = figure.value.split(separator: ".").dropFirst().first?.count ?? 0
                let rounding = Rounding(.halfUp, decimals: digits)
                let possible = try (0...size).filter { try rounding(Ratio(100 * $0, over: size)) == rate }
                if possible.contains(where: { $0 < 10 || size - $0 < 10 }) {
                    telling.append(
                        "\(publication.orgCode) \(figure.measure) \(figure.group) \(figure.value) of \(size)"
                    )
                }
            }
        }
        return telling
    }

    /// The rates of which the code says of how many students they are, where that is not shown.
    private func tellingCodes(_ publications: [Accountability_V1_Publication]) -> [String] {
        publications.flatMap { publication in
            publication.figures.flatMap { figure in
                [figure.value, figure.judgedRate]
                    .filter { text in
                        guard text.hasPrefix("<=") || text.hasPrefix(">="), let end = UInt32(text.dropFirst(2)) else {
                            return false
                        }
                        let share = text.hasPrefix("<=") ? end : 100 - end
                        return share != (figure.hasStudents ? (1000 + figure.students - 1) / figure.students : 50)
                    }
                    .map { "\(publication.orgCode) \(figure.measure) \(figure.group) \($0)" }
            }
        }
    }

    private func computed(
        _ state: StateFiles,
        _ corrections: [InputFile],
        _ frameworks: FrameworkSet = .builtIn
    ) throws -> State {
        var computation = YearComputation(settings: YearProcess.Settings(frameworks: frameworks, threads: 2))
        computation.watching = [Topics.indicators]
        return State(result: try computation.run(state.files, corrections: corrections))
    }

    /// How many numbers of students primary suppression alone would show of the newest state, and how many are shown.
    private func utility(_ state: State) throws -> (all: Int, shown: Int, values: Int, shownValues: Int) {
        let primary = try state.result.tables.determinations(year: 2019).flatMap { PublishedFigures.of($0.message) }
        let shown = try state.result.tables.messages(TableTopics.publications, year: 2019).flatMap(\.message.figures)
        return (
            primary.count { $0.hasStudents }, shown.count { $0.hasStudents },
            primary.count { !$0.value.isEmpty }, shown.count { !$0.value.isEmpty }
        )
    }

    @Test(arguments: [UInt64(31), 32]) func nothingSmallCanBeComputedOfAStateInAnyRevision(seed: UInt64) throws {
        let state = try StateFiles(students: 1500, seed: seed)
        let release = try state.release()
        let first = try computed(state, [release])
        let last = try computed(state, [release] + state.corrections)
        let revisions = try last.published()
        #expect(revisions.values.contains { $0.count > 1 }, "a correction revises what is public")
        let everything = revisions.values.flatMap { $0 }
        #expect(try tellingRates(everything) == [] && tellingCodes(everything) == [])
        #expect(everything.allSatisfy { $0.figures.allSatisfy { !$0.hasStudents || $0.students >= 10 } })
        // No revision shows another number than the first one: all of them together tell of what there was at the
        // release, and of nothing that came after it.
        let union = try shown(everything)
        for messages in revisions.values {
            for message in messages { #expect(try shown([message]) == shown([messages[0]])) }
        }
        let found = try computable([(union, try first.truth())])
        #expect(found == [])
        let audit = try audited(first)
        #expect(audit.attacked > 1 && audit.left == 0 && audit.findings.map(\.severity) == [.ok])
        let kept = try utility(last)
        #expect(kept.shown * 10 > kept.all * 6 && kept.shownValues * 10 > kept.values * 6)
    }

    /// The same attack finds what the Department's own way of publishing gives away.
    @Test func theDepartmentsWayIsReproducedAndGivesGroupsAway() throws {
        let state = try StateFiles(students: 1500, seed: 31)
        let release = try state.release()
        let first = try computed(state, [release], FrameworkSet.asPublished())
        let last = try computed(state, [release] + state.corrections, FrameworkSet.asPublished())
        let revisions = try last.published()
        let times = [
            (try shown(revisions.values.compactMap(\.first)), try first.truth()),
            (try shown(revisions.values.compactMap(\.last)), try last.truth()),
        ]
        let (one, both) = (try computable([times[0]]), try computable(times))
        #expect(one.count > 10 && both.count > one.count)
        // An audit does not attack what protects nothing.
        for frameworks in [FrameworkSet.builtIn, try .asPublished()] {
            let audit = try audited(first, frameworks)
            #expect(audit.attacked == 0 && audit.left > 1 && audit.findings.map(\.severity) == [.warning])
        }
        #expect(try !tellingRates(revisions.values.flatMap { $0 }).isEmpty)
        // Each figure is the determination's.
        let publications = try last.result.tables.messages(TableTopics.publications, year: 2019).map(\.message)
        let determinations = try last.result.tables.determinations(year: 2019).map(\.message)
        #expect(publications.count == determinations.count)
        for (publication, determination) in zip(publications, determinations) {
            #expect(publication.orgCode == determination.orgCode && publication.level == determination.level)
            #expect(publication.groupPercentiles == determination.groupPercentiles)
            #expect(publication.figures.count == PublishedFigures.of(determination).count)
            #expect(publication.decidedMeasures == [])
        }
    }
}

/// The figures of a determination, as the Department shows them.
private enum PublishedFigures {
    static func of(_ determination: Accountability_V1_Determination) -> [Accountability_V1_PublishedFigure] {
        var figures: [Accountability_V1_PublishedFigure] = determination.participation.map { rate in
            var figure = Accountability_V1_PublishedFigure()
            figure.students = rate.students
            figure.value = rate.hasRate ? "\(rate.rate)" : ""
            return figure
        }
        for span in determination.spans + determination.groupPercentages.flatMap(\.spans) {
            for points in span.columns.flatMap(\.indicators) {
                var figure = Accountability_V1_PublishedFigure()
                if points.hasCount { figure.students = points.count }
                figure.value = points.value
                figures.append(figure)
            }
        }
        return figures
    }
}
