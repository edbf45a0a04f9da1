internal import Messages
internal import Rules
internal import Streaming

/// A value that is computed from student records: which indicator, and from which layout.
enum StudentMeasure: Int, CaseIterable {
    case elaAchievement
    case mathAchievement
    case scienceAchievement
    case elaGrowth
    case mathGrowth
    case chronicAbsenteeism
    case fourYearGraduation
    case extendedEngagement
    case dropout
    case elProgress
    case advancedCoursework

    /// Those that say of each student whether something became true.
    static let outcomes: [StudentMeasure] = [
        .fourYearGraduation, .extendedEngagement, .dropout, .elProgress, .advancedCoursework,
    ]

    /// How many there are.
    static let count = allCases.count

    var indicator: Indicator {
        switch self {
        case .elaAchievement: .elaAchievement
        case .mathAchievement: .mathAchievement
        case .scienceAchievement: .scienceAchievement
        case .elaGrowth: .elaGrowth
        case .mathGrowth: .mathGrowth
        case .chronicAbsenteeism: .chronicAbsenteeism
        case .fourYearGraduation: .fourYearGraduation
        case .extendedEngagement: .extendedEngagement
        case .dropout: .dropout
        case .elProgress: .elProgress
        case .advancedCoursework: .advancedCoursework
        }
    }
}

/// The student records behind an indicator.
///
/// If there are any, they shadow supplied values.
enum StudentSource: Hashable {
    case tests
    case attendance
    /// Counted for each measure apart: a file of one cohort says nothing of the rates of another.
    case outcome(StudentMeasure)

    /// The records that an indicator is computed from; nil if it is only supplied.
    init?(of indicator: Indicator) {
        guard let measure = StudentMeasure.allCases.first(where: { $0.indicator == indicator }) else { return nil }
        switch measure {
        case .elaAchievement, .mathAchievement, .scienceAchievement, .elaGrowth, .mathGrowth: self = .tests
        case .chronicAbsenteeism: self = .attendance
        case .fourYearGraduation, .extendedEngagement, .dropout, .elProgress, .advancedCoursework:
            self = .outcome(measure)
        }
    }
}

/// A set of measures that say of a student whether something became true.
struct OutcomeSet: OptionSet, Hashable {
    let rawValue: UInt8

    init(rawValue: UInt8) { self.rawValue = rawValue }

    /// The set of one measure; empty for a measure that is no outcome.
    init(_ measure: StudentMeasure) {
        let position = StudentMeasure.outcomes.firstIndex(of: measure)
        self.init(rawValue: position.map { 1 << UInt8($0) } ?? 0)
    }

    /// Calls a function with the place of every measure of the set among ``StudentMeasure/outcomes``.
    func forEachIndex(_ body: (Int) -> Void) {
        var bits = rawValue
        while bits != 0 {
            body(bits.trailingZeroBitCount)
            bits &= bits - 1
        }
    }
}

/// Identifies a value or target within an organization and year: span, group and indicator, as one number.
struct IndicatorCell: Hashable, Comparable {
    /// How many there are.
    static let count = GradeSpan.allCases.count * groups * indicators

    /// Every cell, in canonical order.
    static let all: [IndicatorCell] = (0..<count).compactMap { IndicatorCell(index: $0) }

    let span: GradeSpan
    let group: StudentGroup
    let indicator: Indicator

    private static let groups = StudentGroup.allCases.count
    private static let indicators = Indicator.allCases.count

    init(_ span: GradeSpan, _ group: StudentGroup, _ indicator: Indicator) {
        self.span = span
        self.group = group
        self.indicator = indicator
    }

    /// A cell by the names that records carry.
    ///
    /// - Throws: ``UnusableRecord`` if one is not in the vocabulary.
    init(span: String, group: String, indicator: String) throws {
        guard let span = GradeSpan(wireName: span), let group = StudentGroup(wireName: group),
            let indicator = Indicator(wireName: indicator)
        else { throw UnusableRecord("a value or target of an unknown grade span, group or indicator") }
        self.init(span, group, indicator)
    }

    private init?(index: Int) {
        guard let span = GradeSpan(rawValue: UInt8(index / (Self.groups * Self.indicators))),
            let group = StudentGroup(rawValue: UInt8(index / Self.indicators % Self.groups)),
            let indicator = Indicator(rawValue: UInt8(index % Self.indicators))
        else { return nil }
        self.init(span, group, indicator)
    }

    /// The place in ``all``.
    var index: Int {
        (Int(span.rawValue) * Self.groups + Int(group.rawValue)) * Self.indicators + Int(indicator.rawValue)
    }

    /// Its name in keys.
    var place: IndicatorPlace { IndicatorPlace(span, group, indicator) }

    /// Canonical order.
    static func < (left: IndicatorCell, right: IndicatorCell) -> Bool { left.index < right.index }
}
