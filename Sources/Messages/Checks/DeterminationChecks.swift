public import Rules

private let otherKey = "it is another record's than its key names"
private let absurdTime = "a time before 1970 or after the year 9999"

extension Accountability_V1_Determination: TableMessage {
    /// The record's own key names it, its words are of the vocabularies, and its figures can be.
    public func fault(under key: DeterminationKey) -> String? {
        guard schoolYear == key.schoolYear, orgCode == key.organization.description else { return otherKey }
        guard revision <= FigureCheck.largestRevision else { return "a revision that nothing reaches" }
        guard FigureCheck.times.contains(issuedUnixMilliseconds) else { return absurdTime }
        guard status.isEmpty || stage != nil,
            classification.isEmpty || Classification(wireName: classification) != nil,
            level.isEmpty || DeterminationLevel(wireName: level) != nil,
            reasons.allSatisfy({ DeterminationReason(wireName: $0) != nil })
        else { return "a word that no determination uses" }
        guard !hasPercentile || (1...99).contains(percentile),
            groupPercentiles.allSatisfy({ (1...99).contains($0.percentile) })
        else { return "a percentile outside of 1 to 99" }
        guard !hasAnnual || annual <= 100, !hasCumulative || cumulative <= 100,
            FigureCheck.isValue(annualExact), FigureCheck.isValue(priorAnnualExact),
            FigureCheck.isValue(graduationRate)
        else { return "a percentage that is not a number in range" }
        return FigureCheck.areCounts(graduationCohort, graduates) ? nil : "a count that no state has"
    }
}

extension Accountability_V1_Determination {
    /// How far it is released; nil where its status is no stage.
    public var stage: ResultsStage? { ResultsStage(rawValue: status) }
}

extension Accountability_V1_Publication: TableMessage {
    /// The record's own key names it, its words are of the vocabularies, and its figures can be.
    public func fault(under key: DeterminationKey) -> String? {
        guard schoolYear == key.schoolYear, orgCode == key.organization.description else { return otherKey }
        guard revision <= FigureCheck.largestRevision else { return "a revision that nothing reaches" }
        guard FigureCheck.times.contains(issuedUnixMilliseconds) else { return absurdTime }
        guard PublicationStatus(rawValue: status) != nil,
            classification.isEmpty || Classification(wireName: classification) != nil,
            level.isEmpty || DeterminationLevel(wireName: level) != nil,
            reasons.allSatisfy({ DeterminationReason(wireName: $0) != nil })
        else { return "a word that no publication uses" }
        guard !hasPercentile || (1...99).contains(percentile),
            groupPercentiles.allSatisfy({ (1...99).contains($0.percentile) })
        else { return "a percentile outside of 1 to 99" }
        guard !hasAnnual || annual <= 100, !hasCumulative || cumulative <= 100, FigureCheck.isValue(annualExact),
            FigureCheck.isValue(priorAnnualExact), groupPercentages.allSatisfy({ $0.annual <= 100 })
        else { return "a percentage that is not a number in range" }
        var places: Set<[String]> = []
        for figure in figures {
            guard StudentGroup(wireName: figure.group) != nil, PublishedMeasure(figure.measure) != nil,
                places.insert([figure.measure, figure.group]).inserted
            else { return "a figure of no group or measure, or two of one" }
            guard FigureCheck.areCounts(figure.students, figure.counted, figure.of) else {
                return "a count that no state has"
            }
        }
        return decidedMeasures.allSatisfy { PublishedMeasure($0) != nil } ? nil : "a measure that there is not"
    }
}

extension Accountability_V1_Confirmation: TableMessage {
    /// It holds a digest.
    public func fault(under key: DeterminationKey) -> String? { sha256.count == 32 ? nil : "no digest of 32 bytes" }
}

extension Accountability_V1_Directive: TableMessage {
    /// The record's own key names it, and its dates are dates.
    public func fault(under key: DirectiveKey) -> String? {
        guard schoolYear == key.schoolYear, directive == key.act.wireName, orgCode == key.organization.description,
            key.act == .organizationChange || kind == key.kind
        else { return otherKey }
        if key.act == .organizationChange {
            guard let change = organizationChange else { return "a change of an organization that cannot be" }
            guard DirectiveKey(changeOf: change.organization, in: change.schoolYear, former: change.former) == key
            else {
                return otherKey
            }
        }
        guard Self.isDate(effectiveDate), Self.isDate(endDate) else { return "a date that is none" }
        return nil
    }

    /// The act; nil of a name that is none.
    public var act: DepartmentAct? { DepartmentAct(wireName: directive) }

    /// The kind of a release; nil of other acts.
    public var releaseKind: ReleaseKind? { act == .release ? ReleaseKind(wireName: kind) : nil }

    /// The change of an organization that it states; nil of other acts, and of a change that cannot be.
    public var organizationChange: OrganizationChange? {
        guard act == .organizationChange, let organization = OrganizationCode(orgCode),
            let change = OrganizationChangeKind(wireName: kind)
        else { return nil }
        var former: OrganizationCode?
        if !priorOrgCode.isEmpty {
            guard let code = OrganizationCode(priorOrgCode) else { return nil }
            former = code
        }
        let stated = OrganizationChange(
            schoolYear: Int(schoolYear),
            organization: organization,
            kind: change,
            former: former,
            formerEnrollment: hasPriorEnrollment ? Int(priorEnrollment) : nil
        )
        return stated.fault == nil ? stated : nil
    }

    /// Whether a text is empty or has the form `yyyy-mm-dd`.
    private static func isDate(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        guard !bytes.isEmpty else { return true }
        guard bytes.count == 10 else { return false }
        for (place, byte) in bytes.enumerated() {
            let isDash = byte == UInt8(ascii: "-")
            let isDigit = byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
            guard place == 4 || place == 7 ? isDash : isDigit else { return false }
        }
        return true
    }
}

extension Accountability_V1_PublicationNote {
    /// Whether it states a change on appeal; other notes state a revision.
    public var isAppeal: Bool { ReleaseKind(wireName: kind) == .appeal }
}

extension Accountability_V1_Notice: TableMessage {
    /// The record's own key names it, and its figures can be.
    public func fault(under key: NoticeKey) -> String? {
        guard schoolYear == key.schoolYear, orgCode == key.organization.description, id.isEmpty || id == key.text else {
            return otherKey
        }
        guard revision <= FigureCheck.largestRevision else { return "a revision that nothing reaches" }
        return FigureCheck.times.contains(createdUnixMilliseconds) ? nil : absurdTime
    }
}

extension Accountability_V1_Delivery: TableMessage {
    /// The record's own key names it, and its times can be.
    public func fault(under key: DeliveryKey) -> String? {
        guard channel == key.channel, notice == key.notice else { return otherKey }
        guard DeliveryState(rawValue: state) != nil else { return "a state that no delivery has" }
        guard FigureCheck.times.contains(updatedUnixMilliseconds), FigureCheck.times.contains(nextUnixMilliseconds)
        else { return absurdTime }
        return FigureCheck.areCounts(attempts) ? nil : "more attempts than anyone makes"
    }
}
