internal import Messages
internal import Rules
internal import Streaming

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
