/// Whether the graduation rate is low, as the federal Every Student Succeeds Act defines it: 603 CMR 2.03(3).
public struct LowGraduation: Hashable, Sendable {
    /// The members of the four-year cohort of the year before.
    public let cohort: Int64
    /// Those who graduated within four years, as they were counted; nil where only the rate was supplied.
    public let graduates: Int64?
    /// The four-year rate, percent, as it is published: rounded where it was counted, as it is where it was supplied;
    /// nil of nobody.
    public let rate: Ratio?
    /// Whether it is low; nil where the cohort is too small to say.
    public let isLow: Bool?

    /// Judges a cohort whose graduates were counted.
    ///
    /// Throws where a count is negative or more graduated than were in the cohort.
    public init(cohort: Int64, graduates: Int64, _ framework: Framework) throws(RuleError) {
        guard cohort >= 0, graduates >= 0, graduates <= cohort else {
            throw .contradiction("\(graduates) graduates of a cohort of \(cohort)")
        }
        self.cohort = cohort
        self.graduates = graduates
        guard cohort > 0 else {
            (rate, isLow) = (nil, nil)
            return
        }
        let exact: Ratio
        do {
            exact = try Ratio(graduates, over: cohort) * .hundred
        } catch {
            throw .number(error)
        }
        rate = try Self.rounded(exact, framework)
        isLow = try Self.isLow(exact, counted: true, of: cohort, framework)
    }

    /// Judges a rate that was supplied already computed, percent, and the cohort that it is of.
    ///
    /// Nothing says how many graduated: only the rate is judged, and it is published as supplied. Throws where it is
    /// no rate.
    public init(cohort: Int64, supplied rate: Ratio, _ framework: Framework) throws(RuleError) {
        guard cohort >= 0, (Ratio.zero...Ratio.hundred).contains(rate) else {
            throw .contradiction("a graduation rate of \(rate.shortText) percent of a cohort of \(cohort)")
        }
        self.cohort = cohort
        graduates = nil
        self.rate = rate
        isLow = try Self.isLow(rate, counted: false, of: cohort, framework)
    }

    private static func rounded(_ rate: Ratio, _ framework: Framework) throws(RuleError) -> Ratio {
        do {
            return try framework.indicators?.valueRounding.value(rate) ?? rate
        } catch {
            throw .number(error)
        }
    }

    private static func isLow(
        _ rate: Ratio,
        counted: Bool,
        of cohort: Int64,
        _ framework: Framework
    ) throws(RuleError) -> Bool? {
        let parameters = try framework.section(\.determination, "determination")
        guard cohort >= Int64(parameters.minimumCohort.value), cohort > 0 else { return nil }
        let published = parameters.lowGraduationRate.value == .rounded ? try rounded(rate, framework) : rate
        switch parameters.lowGraduation.value {
        case .belowThreshold: return published < parameters.lowGraduationThreshold.value
        case .oneThirdFail:
            // Of counted graduates it is known who failed; of a supplied rate only the rate.
            do {
                return try (.hundred - (counted ? rate : published)) * Ratio(3) >= .hundred
            } catch {
                throw .number(error)
            }
        }
    }
}

extension LowGraduation: CarriesOut {
    /// Low graduation rates.
    public static let paragraphs: [Paragraph] = [.districtLowGraduation, .schoolLowGraduation]
}
