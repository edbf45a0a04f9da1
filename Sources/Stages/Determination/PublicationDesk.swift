import Messages
import Rules
import Streaming

/// The publications of a task's organizations: the current ones and the new ones.
struct PublicationDesk {
    /// How publications name their schema; nil without a schema registry.
    let framing: SchemaFraming?
    private var standing: [DeterminationKey: Accountability_V1_Publication] = [:]
    /// By school year, the districts that are official and about which later flushes decide.
    private var undecided: [Int: Set<OrganizationCode>] = [:]
    /// How many organizations may still be decided about in this flush.
    private var room = 0

    /// After how many organizations the other districts wait for the next flush: some seconds' work, as a transaction
    /// is open meanwhile.
    static let mostDecided = 50

    init(framing: SchemaFraming?) { self.framing = framing }

    /// Whether districts wait for the next flush.
    var hasMore: Bool { !undecided.isEmpty }

    /// Begins a flush.
    mutating func beginFlush() { room = Self.mostDecided }

    /// Forgets the districts of a school year that wait: nothing of it can be published.
    mutating func decideNothing(of year: Int) { undecided[year] = nil }

    /// Remembers a publication from before a restart.
    mutating func recall(_ publication: Accountability_V1_Publication, _ key: DeterminationKey) {
        standing[key] = publication
    }

    /// The organizations of which something was published in a school year.
    func organizations(year: Int) -> [OrganizationCode] {
        standing.keys.filter { $0.schoolYear == year }.map(\.organization)
    }

    /// Publishes the changes of districts: official determinations, and the withdrawal of those no longer official.
    ///
    /// - Parameters:
    ///   - determinations: the determinations made, by organization; nil if there is none.
    ///   - year: the school year.
    ///   - framework: of the school year.
    ///   - state: everything that is known.
    ///   - made: makes the determination of an organization that is not among them.
    ///   - now: the time, milliseconds since 1970.
    ///   - output: the output of the task.
    /// - Throws: if a determination cannot be made or nothing can be published.
    mutating func publish(
        _ determinations: [OrganizationCode: Accountability_V1_Determination?],
        year: Int,
        _ framework: Framework,
        _ state: DeterminationState,
        made: (OrganizationCode) throws -> Accountability_V1_Determination?,
        now: Int64,
        to output: TaskOutput
    ) throws {
        let changed = Dictionary(grouping: determinations, by: \.key.district)
        let waiting = undecided.removeValue(forKey: year) ?? []
        for district in waiting.union(changed.keys).sorted() {
            var own = Dictionary(uniqueKeysWithValues: (changed[district] ?? []).map { ($0.key, $0.value) })
            var decisions: [OrganizationCode: DisclosureDecision] = [:]
            var enrollments: [OrganizationCode: UInt32] = [:]
            if let parameters = framework.disclosure, parameters.mode.value == .protected {
                decisions = standingDecisions(of: district, year: year)
                let isOpen = decisions.values.allSatisfy(\.measures.isEmpty)
                if isOpen, waiting.contains(district) || own.values.contains(where: { $0?.isOfficial == true }) {
                    guard room > 0 else {
                        undecided[year, default: []].insert(district)
                        continue
                    }
                    // A decision covers the whole district.
                    let known = state.organizations(of: district, year: year)
                    let published = organizations(year: year).filter { $0.district == district }
                    for code in Set(known).union(published) where own[code] == nil {
                        own[code] = .some(try made(code))
                    }
                    room -= own.count
                    let disclosure = disclosure(of: district, own, year, framework, parameters, state)
                    decisions = disclosure.decide()
                    if disclosure.showsAllStudents(decisions) {
                        enrollments = state.enrollments(of: district, year: year, least: disclosure.minimum)
                    }
                }
            }
            for (code, determination) in own.sorted(by: { $0.key < $1.key }) {
                let key = DeterminationKey(schoolYear: year, organization: code)
                let message = publication(
                    determination,
                    decisions[code],
                    key,
                    framework,
                    facts: state.years[year]?[code]?.organization,
                    enrollment: enrollments[code]
                )
                try publish(message, key, now: now, to: output)
            }
        }
    }

    private func standingDecisions(of district: OrganizationCode, year: Int) -> [OrganizationCode: DisclosureDecision] {
        var decisions: [OrganizationCode: DisclosureDecision] = [:]
        for (key, publication) in standing where key.schoolYear == year && key.organization.district == district {
            decisions[key.organization] = DisclosureDecision(publication)
        }
        return decisions
    }

    private func disclosure(
        of district: OrganizationCode,
        _ determinations: [OrganizationCode: Accountability_V1_Determination?],
        _ year: Int,
        _ framework: Framework,
        _ parameters: DisclosureParameters,
        _ state: DeterminationState
    ) -> DistrictDisclosure {
        DistrictDisclosure(
            district: district,
            parameters: parameters,
            minimum: framework.minimumSize.publicReporting.value,
            counts: state.students(of: district, year: year),
            figures: determinations.compactMapValues { determination in
                determination.flatMap { $0.isOfficial ? DeterminationFigures($0) : nil }
            }
        )
    }

    /// The new publication of an organization; nil if nothing was ever published.
    private func publication(
        _ determination: Accountability_V1_Determination?,
        _ decision: DisclosureDecision?,
        _ key: DeterminationKey,
        _ framework: Framework,
        facts: Accountability_V1_Organization?,
        enrollment: UInt32?
    ) -> Accountability_V1_Publication? {
        guard let determination, determination.isOfficial, let parameters = framework.disclosure else {
            return standing[key].map(PublicationMaker.withdrawn)
        }
        var message = PublicationMaker(
            determination: determination,
            figures: DeterminationFigures(determination),
            parameters: parameters,
            minimum: framework.minimumSize.publicReporting.value
        )
        .make(decision ?? DisclosureDecision())
        guard let facts else { return message }
        message.region = facts.region
        message.schoolType = facts.schoolType
        message.comparisonGroup = facts.comparisonGroup
        message.gradesServed = facts.gradesServed
        message.title1 = facts.title1
        message.ncesID = facts.ncesID
        switch parameters.mode.value {
        case .asPublished: if facts.enrollment > 0 { message.enrollment = facts.enrollment }
        case .protected:
            // As it was published first, in every revision.
            let first = standing[key].map { $0.hasEnrollment ? $0.enrollment : nil } ?? enrollment
            if let first { message.enrollment = first }
        }
        return message
    }

    private mutating func publish(
        _ publication: Accountability_V1_Publication?,
        _ key: DeterminationKey,
        now: Int64,
        to output: TaskOutput
    ) throws {
        guard var message = publication else { return }
        let before = standing[key]
        message.revision = before?.revision ?? 1
        message.issuedUnixMilliseconds = before?.issuedUnixMilliseconds ?? now
        if let before, message != before {
            message.revision = before.revision + 1
            message.issuedUnixMilliseconds = now
        }
        standing[key] = message
        // No cause: the names of submissions are not the public's.
        try DeterminationStage.publications.publish(message, key, framing: framing, cause: "", to: output)
    }
}

extension Accountability_V1_Determination {
    /// Whether it may be published.
    fileprivate var isOfficial: Bool { stage == .official }
}
