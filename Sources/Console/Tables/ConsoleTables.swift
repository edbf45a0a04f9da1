package import Messages
package import Reading
package import Rules
internal import Stages
internal import SwiftProtobuf

/// The data that the console holds in memory: a fold of the topics.
///
/// The order of the topics does not matter.
package struct ConsoleTables: Sendable {
    /// Rises by one with every change.
    ///
    /// It is the ETag.
    package private(set) var revision: UInt64 = 0
    /// Rises with every change of the public data.
    private var publishedRevision: UInt64 = 0
    /// Which reading of the topics this is, and how many publications it has folded.
    private let reading: Int
    private var publishedFolds: UInt64 = 0
    /// The figures that the years' determinations show.
    package private(set) var area = Area.own
    /// All years with any data.
    ///
    /// Those with determinations are ``determinedYears``.
    package private(set) var years: [Int: Year] = [:]
    package private(set) var rejections: [RejectionKey: Rejection] = [:]
    /// Acts of the Department that are in force.
    package private(set) var acts: [DirectiveKey: Accountability_V1_Directive] = [:]
    /// The records that the ranks are recomputed from.
    private(set) var ranks: RankRecords
    /// The frameworks in force, from the acts.
    ///
    /// If a document in force cannot be read, they are as before. The stages report it.
    package private(set) var frameworks = FrameworkSet.builtIn
    /// The years, submissions and completions of the installation.
    package private(set) var view = InstallationView()
    /// The progress of the stages; nil before the first check.
    package private(set) var run: RunReport?
    /// How many records each stage is further behind than at the check before.
    private(set) var lagChanges: [String: Int] = [:]
    /// Since when the brokers do not answer; nil while they answer.
    package private(set) var silence: Silence?

    /// Whether the tables are complete, with nothing left out for a visitor.
    package private(set) var isWhole = true

    /// The district that sees its own organizations completely; nil for visitors who see all organizations that way, or
    /// none.
    package private(set) var district: OrganizationCode?

    /// Whether the visitor is responsible for an organization: a district for its own, the Department for all.
    func own(_ code: OrganizationCode) -> Bool { isWhole || district.map { $0 == code.district } ?? false }

    /// Empty tables.
    ///
    /// - Parameter reading: a number that no other reading of the topics has.
    package init(reading: Int = 0) {
        self.reading = reading
        ranks = RankRecords(reading: reading)
    }

    /// The topics that the tables are made from.
    package static let topics =
        InstallationView.topics + [
            Topics.percentiles, Topics.participation, Topics.rejections, Topics.indicators, Topics.publications,
            Topics.standings,
        ]

    /// Takes a record of a topic; returns whether the record could be decoded.
    @discardableResult
    package mutating func fold(_ topic: TopicDefinition, key: [UInt8], value: [UInt8]?) -> Bool {
        revision += 1
        switch topic.entity {
        case Topics.determinations.entity:
            guard view.fold(topic, key: String(decoding: key, as: UTF8.self), value: value),
                let place = DeterminationKey(utf8: key.span)
            else { return false }
            return fold(determination: value, place, key)
        case Topics.percentiles.entity: return fold(percentile: value, key)
        case Topics.participation.entity:
            guard let place = ParticipationKey(utf8: key.span) else { return false }
            guard place.grade == ParticipationKey.allGrades else { return true }
            guard let value else {
                years[place.schoolYear]?.take(participation: nil, place)
                return true
            }
            guard let (_, message) = TableTopics.participation.entry(key: key.span, value: value) else { return false }
            years[place.schoolYear, default: Year()].take(participation: message.hasMet ? value : nil, place)
        case Topics.rejections.entity:
            guard let place = RejectionKey(utf8: key.span) else { return false }
            guard let value else {
                rejections[place] = nil
                return true
            }
            guard let (_, message) = TableTopics.rejections.entry(key: key.span, value: value) else { return false }
            rejections[place] = Rejection(message)
        case Topics.standings.entity: return ranks.fold(standing: value, key)
        case Topics.indicators.entity: return fold(facts: value, key)
        case Topics.publications.entity: return fold(publication: value, key)
        case Topics.directives.entity:
            return view.fold(topic, key: String(decoding: key, as: UTF8.self), value: value) && fold(act: value, key)
        default: return view.fold(topic, key: String(decoding: key, as: UTF8.self), value: value)
        }
        return true
    }

    private mutating func fold(determination value: [UInt8]?, _ place: DeterminationKey, _ key: [UInt8]) -> Bool {
        guard let value else {
            years[place.schoolYear]?.take(determination: nil, nil, of: place.organization)
            return true
        }
        guard let (_, message) = TableTopics.determinations.entry(key: key.span, value: value) else { return false }
        let line = DeterminationLine(message, place.organization)
        years[place.schoolYear, default: Year()].take(determination: value, line, of: place.organization)
        return true
    }

    private mutating func fold(percentile value: [UInt8]?, _ key: [UInt8]) -> Bool {
        guard let place = PercentileKey(utf8: key.span) else { return false }
        if case .norm = place.entry { return ranks.fold(norm: value, place, key) }
        guard value.map({ TableTopics.percentiles.entry(key: key.span, value: $0) != nil }) ?? true else {
            return false
        }
        // A tombstone of an unknown year must not make the year known.
        guard value != nil || years[place.schoolYear] != nil else { return true }
        years[place.schoolYear, default: Year()].take(percentile: value, place)
        return true
    }

    /// Keeps only the organizations from the indicators topic.
    private mutating func fold(facts value: [UInt8]?, _ key: [UInt8]) -> Bool {
        guard let place = IndicatorKey(utf8: key.span) else { return false }
        guard place.entry == .organization else { return true }
        guard let value else {
            years[place.schoolYear]?.take(facts: nil, of: place.organization)
            return true
        }
        guard let (_, message) = TableTopics.indicators.entry(key: key.span, value: value) else { return false }
        years[place.schoolYear, default: Year()].take(facts: message.organization, of: place.organization)
        return true
    }

    /// A withdrawn publication is no longer public, although its record remains.
    private mutating func fold(publication value: [UInt8]?, _ key: [UInt8]) -> Bool {
        guard let place = DeterminationKey(utf8: key.span) else { return false }
        publishedFolds += 1
        publishedRevision += 1
        guard let value else {
            years[place.schoolYear]?.take(publication: nil, nil, of: place.organization)
            return true
        }
        guard let (_, message) = TableTopics.publications.entry(key: key.span, value: value) else { return false }
        let isOfficial = message.status == ResultsStage.official.rawValue
        let line = isOfficial ? DeterminationLine(message, place.organization) : nil
        years[place.schoolYear, default: Year()]
            .take(publication: isOfficial ? value : nil, line, of: place.organization)
        return true
    }

    private mutating func fold(act value: [UInt8]?, _ key: [UInt8]) -> Bool {
        guard let place = DirectiveKey(utf8: key.span) else { return false }
        guard let value else {
            acts[place] = nil
            ranks.fold(act: nil, place)
            noteFrameworks(place)
            return true
        }
        guard let (_, message) = TableTopics.directives.entry(key: key.span, value: value) else { return false }
        acts[place] = message
        ranks.fold(act: message, place)
        noteFrameworks(place)
        return true
    }

    private mutating func noteFrameworks(_ act: DirectiveKey) {
        guard act.act == .frameworkStep else { return }
        frameworks = (try? FrameworkSet(onRecord: acts.values)) ?? frameworks
    }

    /// Replaces the topics' data with another fold, and keeps the data about the stages.
    ///
    /// A revision never identifies two different states.
    package mutating func take(topics other: ConsoleTables) {
        let (last, lastPublished, run, changes, silence) = (revision, publishedRevision, run, lagChanges, silence)
        // Topics that were read again may have other publications, however many there are.
        let isNews = other.publishedFolds != publishedFolds || other.reading != reading
        self = other
        (revision, self.run, lagChanges, self.silence) = (max(revision, last + 1), run, changes, silence)
        publishedRevision = lastPublished + (isNews ? 1 : 0)
    }

    /// Takes a report about the stages.
    package mutating func take(_ report: RunReport) {
        let changes = report.changes(since: run)
        guard report != run || silence != nil || changes != lagChanges else { return }
        revision += 1
        lagChanges = changes
        if silence != nil { publishedRevision += 1 }
        (run, silence) = (report, nil)
    }

    /// Notes that the stages cannot be checked.
    package mutating func take(silence: Silence) {
        guard silence != self.silence else { return }
        revision += 1
        publishedRevision += 1
        self.silence = silence
    }

    /// Until when a year's preliminary results are embargoed; nil if no day is set.
    ///
    /// The state and each district can have a day of their own.
    func embargo(_ year: Int) -> String? {
        let days = Set((years[year]?.lines.values.map(\.embargoUntil) ?? []).filter { !$0.isEmpty })
        guard let last = days.max() else { return nil }
        return days.count == 1 ? "embargoed until \(last)" : "embargoed, the last until \(last)"
    }

    /// Until when the results of the visitor's own district are embargoed, by year.
    var ownEmbargoes: [String] {
        guard district != nil else { return [] }
        return determinedYears.compactMap { year in embargo(year).map { "\(SchoolYear.title(year)) \($0)" } }
    }

    /// The tables with only some of the determinations, submissions, refused rows, publications and acts.
    ///
    /// Reports about the stages and their topics are left out, because they name every submission. If the brokers are
    /// silent, only the time is kept.
    func only(
        _ isSeen: (DeterminationLine) -> Bool,
        submissions: (Accountability_V1_SubmissionHeader) -> Bool,
        rejections isShown: (Rejection) -> Bool,
        own district: OrganizationCode?,
        acts isKnown: (DirectiveKey, _ areResultsSeen: Bool) -> Bool
    ) -> ConsoleTables {
        var tables = self
        (tables.isWhole, tables.district) = (false, district)
        tables.run = nil
        tables.silence = silence?.withoutReason
        tables.rejections = rejections.filter { isShown($0.value) }
        tables.years = years.mapValues { $0.only(isSeen, own: district) }
        tables.acts = acts.filter { key, _ in
            isKnown(key, tables.years[key.schoolYear]?.lines[key.organization] != nil)
        }
        tables.view = view.only(submissions) { year, code in tables.years[year]?.lines[code] != nil }
        return tables
    }

    /// The tables for the public: the determinations of a year are the official publications.
    ///
    /// They contain nothing else, so nothing else can become public.
    var published: ConsoleTables {
        var tables = ConsoleTables()
        (tables.area, tables.isWhole) = (.published, false)
        (tables.revision, tables.publishedRevision) = (publishedRevision, publishedRevision)
        tables.silence = silence?.withoutReason
        tables.years = years.compactMapValues(\.onlyPublished)
        return tables
    }

    /// The tables for a visitor who sees no determinations.
    ///
    /// Official publications are shown from ``published``.
    var withoutDeterminations: ConsoleTables {
        var tables = published
        tables.area = .own
        tables.years = tables.years.mapValues(\.withoutDeterminations)
        return tables
    }

    /// The years with official results, the newest first.
    package var publishedYears: [Int] { years.filter { !$0.value.publishedLines.isEmpty }.keys.sorted(by: >) }

    /// The data of a year; nil if the year has no determinations.
    package func determined(_ year: Int) -> Year? {
        years[year].flatMap { $0.lines.isEmpty ? nil : $0 }
    }

    /// When the newest determination was issued, in milliseconds since 1970; 0 if there is none.
    var lastIssued: Int64 { years.values.flatMap(\.lines.values).map(\.issued).max() ?? 0 }

    /// The years that have determinations, the newest first.
    package var determinedYears: [Int] { years.filter { !$0.value.lines.isEmpty }.keys.sorted(by: >) }
}
