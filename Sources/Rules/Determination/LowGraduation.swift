/// Whether the graduation rate is low, as the federal Every Student Succeeds Act defines it: 603 CMR 2.03(3).
public struct LowGraduation: Hashable, Sendable {
    /// The members of the four-year cohort of the year before.
    public let cohort: Int64
    /// Those who graduated within four years.
    public let graduates: Int64
    /// The four-year rate, percent, as it is published; nil of nobody.
    public let rate: Ratio?
    /// Whether it is low; nil where the cohort is too small to say.
    public let isLow: Bool?

    /// Judges a cohort.
    ///
    /// Throws where a count is negative or more graduated than were in the cohort.
    public init(cohort: Int64, graduates: Int64, _ framework: Framework) throws(RuleError) {
        let parameters = try framework.section(\.determination, "determination")
        guard cohort >= 0, graduates >= 0, graduates <= cohort else {
            throw .contradiction("\(graduates) graduates of a cohort of \(cohort)")
        }
        self.cohort = cohort
        self.graduates = graduates
        do throws(NumberError) {
            guard cohort > 0 else {
                (rate, isLow) = (nil, nil)
                return
            }
            let exact = try Ratio(graduates, over: cohort) * .hundred
            let published = try framework.indicators?.valueRounding.value(exact) ?? exact
            rate = published
            guard cohort >= Int64(parameters.minimumCohort.value) else {
                isLow = nil
                return
            }
            switch parameters.lowGraduation.value {
            case .belowThreshold:
                let judged = parameters.lowGraduationRate.value == .rounded ? published : exact
                isLow = judged < parameters.lowGraduationThreshold.value
            case .oneThirdFail: isLow = try Ratio(cohort - graduates) * Ratio(3) >= Ratio(cohort)
            }
        } catch {
            throw .number(error)
        }
    }

    /// The derivation, for people.
    public func explained(_ paragraph: Paragraph, by framework: Framework) -> Derivation {
        let parameters = framework.determination
        return Derivation(
            "Four-year graduation of the year before",
            rate?.shortText ?? "no cohort",
            paragraph: paragraph,
            row: isLow.map { $0 ? "low" : "not low" } ?? "cohort below the minimum: not judged",
            rounding: framework.indicators?.valueRounding.value,
            parameters: [
                parameters?.lowGraduation.record, parameters?.lowGraduationThreshold.record,
                parameters?.lowGraduationRate.record, parameters?.minimumCohort.record,
            ]
            .compactMap { $0 },
            inputs: [Derivation("Graduates", graduates), Derivation("Cohort", cohort)]
        )
    }
}

extension LowGraduation: CarriesOut {
    /// Low graduation rates.
    public static let paragraphs: [Paragraph] = [.districtLowGraduation, .schoolLowGraduation]
}
