/// A template of a plan or self-evaluation: every part that the law names, and for a self-evaluation the standards with
/// their indicators.
public struct PlanTemplate: Hashable, Sendable {
    /// A part to be written.
    public struct Section: Hashable, Sendable {
        /// What it is about.
        public let title: String
        /// The paragraph that asks for it.
        public let paragraph: Paragraph
        /// What it has to cover.
        public let points: [String]
    }

    /// What is written.
    public let kind: PlanKind
    /// Its sections, in order.
    public let sections: [Section]

    /// The template under a framework.
    public init(_ kind: PlanKind, _ framework: Framework) throws(RuleError) {
        let planning = try framework.section(\.planning, "planning")
        let review = try framework.section(\.review, "review")
        self.kind = kind
        var sections = (planning.parts[kind]?.value ?? [])
            .map { Section(title: $0.wireName.replacing("_", with: " "), paragraph: $0.paragraph, points: []) }
        if kind == .selfEvaluation {
            sections += ReviewStandard.allCases.map { standard in
                Section(
                    title: standard.title,
                    paragraph: .sixStandards,
                    points: review.indicators[standard]?.value ?? []
                )
            }
        }
        self.sections = sections
    }
}

extension PlanTemplate: CarriesOut {
    /// Forms of assistance, and the standards that planning rests on.
    public static let paragraphs: [Paragraph] = [
        .sixStandards, .publishedIndicators, .planForm, .assistance, .assistanceForms,
    ]
}
