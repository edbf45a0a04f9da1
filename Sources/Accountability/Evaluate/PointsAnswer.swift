internal import Rules

/// The output of `evaluate points` for a case; absent figures are null.
struct PointsAnswer: Encodable {
    /// The figures of a column.
    struct Column: Encodable {
        let weightedEarned: String?
        let weightedPossible: String?
        let percent: Int64?

        init(_ column: TargetColumn?) {
            weightedEarned = column?.weightedEarned.text(decimals: 1)
            weightedPossible = column?.weightedPossible.text(decimals: 1)
            percent = column?.displayed
        }

        enum CodingKeys: String, CodingKey {
            case weightedEarned = "weighted_earned"
            case weightedPossible = "weighted_possible"
            case percent
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(weightedEarned, forKey: .weightedEarned)
            try container.encode(weightedPossible, forKey: .weightedPossible)
            try container.encode(percent, forKey: .percent)
        }
    }

    /// The figures of a span.
    struct SpanAnswer: Encodable {
        let allStudents: Column?
        let lowestPerforming: Column?
        var percent: Int64?

        enum CodingKeys: String, CodingKey {
            case allStudents = "all_students"
            case lowestPerforming = "lowest_performing"
            case percent
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encodeIfPresent(allStudents, forKey: .allStudents)
            try container.encodeIfPresent(lowestPerforming, forKey: .lowestPerforming)
            try container.encode(percent, forKey: .percent)
        }
    }

    let name: CaseName?
    var spans: [(name: String, span: SpanAnswer)] = []
    var annual: Int64?
    var annualExact: String?
    var cumulative: Int64?
    /// Given inputs that do not count, for standard error; not part of the answer.
    var leftOut: [String] = []
    var band: String?

    init(name: CaseName?) {
        self.name = name
    }

    enum CodingKeys: String, CodingKey {
        case name = "case"
        case spans
        case annual
        case annualExact = "annual_exact"
        case cumulative
        case band
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(name, forKey: .name)
        try container.encode(Dictionary(uniqueKeysWithValues: spans.map { ($0.name, $0.span) }), forKey: .spans)
        try container.encode(annual, forKey: .annual)
        try container.encode(annualExact, forKey: .annualExact)
        try container.encode(cumulative, forKey: .cumulative)
        try container.encode(band, forKey: .band)
    }
}
