internal import Rules

/// The student records behind an indicator.
///
/// If there are any, they shadow supplied values.
enum StudentSource: Hashable {
    case tests
    case attendance
    /// Counted for each indicator apart: a file of one cohort says nothing of the rates of another.
    case outcome(Indicator)

    /// The indicators that say of each student whether something became true.
    static let outcomes = Indicator.allCases.filter { $0.basis == .outcomes }

    /// The records that an indicator is computed from; nil if it is only supplied.
    init?(of indicator: Indicator) {
        switch indicator.basis {
        case .tests: self = .tests
        case .attendance: self = .attendance
        case .outcomes: self = .outcome(indicator)
        case nil: return nil
        }
    }
}

/// A set of indicators that say of a student whether something became true: a bit for each of
/// ``StudentSource/outcomes``.
struct OutcomeSet: OptionSet, Hashable {
    let rawValue: UInt8

    init(rawValue: UInt8) { self.rawValue = rawValue }

    /// The set of one indicator; empty for an indicator that is no outcome.
    init(_ indicator: Indicator) {
        let position = StudentSource.outcomes.firstIndex(of: indicator)
        self.init(rawValue: position.map { 1 << UInt8($0) } ?? 0)
    }

    /// Calls a function with the place of every indicator of the set among ``StudentSource/outcomes``.
    func forEachIndex(_ body: (Int) -> Void) {
        var bits = rawValue
        while bits != 0 {
            body(bits.trailingZeroBitCount)
            bits &= bits - 1
        }
    }
}
