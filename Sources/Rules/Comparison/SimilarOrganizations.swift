/// An organization as it is compared with others.
public struct ComparedOrganization: Hashable, Sendable {
    /// The organization.
    public let code: OrganizationCode
    /// What it is compared within: its type, and of schools the comparison group.
    public let gradeSpanClass: String
    /// Enrolled students.
    public let enrollment: Int64
    /// Of them, those of low income.
    public let lowIncome: Int64
    /// Of them, those with disabilities.
    public let disability: Int64
    /// Of them, English learners.
    public let englishLearner: Int64

    /// An organization.
    public init(
        code: OrganizationCode,
        gradeSpanClass: String,
        enrollment: Int64,
        lowIncome: Int64,
        disability: Int64,
        englishLearner: Int64
    ) {
        self.code = code
        self.gradeSpanClass = gradeSpanClass
        self.enrollment = enrollment
        self.lowIncome = lowIncome
        self.disability = disability
        self.englishLearner = englishLearner
    }

    /// A factor as a whole number: students, or a share in units of the rounding's last decimal.
    func value(_ factor: SimilarityFactor, _ rounding: Rounding) throws(NumberError) -> Int64 {
        func share(_ part: Int64) throws(NumberError) -> Int64 {
            enrollment > 0 ? try rounding.units(try Ratio(part, over: enrollment) * .hundred) : 0
        }
        return switch factor {
        case .enrollment: enrollment
        case .lowIncome: try share(lowIncome)
        case .disability: try share(disability)
        case .englishLearner: try share(englishLearner)
        }
    }
}

/// The organizations most like one: 603 CMR 2.03(5).
///
/// The distance is Euclidean over factors in units of their standard deviation within the grade-span class. Its square
/// is a sum of fractions; each is cut to 10⁻¹², so that the order is the same on every machine.
public struct SimilarOrganization: Hashable, Sendable {
    /// The organization.
    public let code: OrganizationCode
    /// The distance in millionths of a standard deviation.
    public let distance: Int64

    /// The most similar organizations of the same class, the nearest first; of equals the lower code.
    ///
    /// Those without enrolment take no part.
    public static func nearest(
        to code: OrganizationCode,
        among organizations: [ComparedOrganization],
        _ framework: Framework
    ) throws(RuleError) -> [SimilarOrganization] {
        let parameters = try framework.section(\.comparison, "comparison")
        guard let own = organizations.first(where: { $0.code == code }), own.enrollment > 0 else { return [] }
        let peers = organizations.filter { $0.gradeSpanClass == own.gradeSpanClass && $0.enrollment > 0 }
        var squares = Array(repeating: Int128(0), count: peers.count)
        do throws(NumberError) {
            for factor in parameters.factors.value {
                let values = try peers.map { peer throws(NumberError) in
                    let value = Int128(try peer.value(factor, parameters.shareRounding.value))
                    // Far above any enrolment; it keeps everything below within 128 bits.
                    guard value <= 10_000_000 else { throw .overflow }
                    return value
                }
                let mine = Int128(try own.value(factor, parameters.shareRounding.value))
                let count = Int128(values.count)
                let sum = values.reduce(0, +)
                // The variance, times the square of the count.
                let variance = count * values.reduce(0) { $0 + $1 * $1 } - sum * sum
                // A factor that is the same everywhere distinguishes no one.
                guard variance > 0 else { continue }
                for (index, value) in values.enumerated() {
                    let difference = value - mine
                    let (quotient, rest) = (difference * difference * count * count)
                        .quotientAndRemainder(dividingBy: variance)
                    squares[index] += quotient * 1_000_000_000_000 + fraction(rest, of: variance)
                }
            }
        } catch {
            throw .number(error)
        }
        return zip(peers, squares).filter { $0.0.code != code }
            .map { SimilarOrganization(code: $0.0.code, distance: root(of: $0.1)) }
            .sorted { ($0.distance, $0.code) < ($1.distance, $1.code) }
            .prefix(parameters.count.value).map { $0 }
    }

    /// `rest / whole` in units of 10⁻¹², cut; digit by digit, as the product may not fit.
    private static func fraction(_ rest: Int128, of whole: Int128) -> Int128 {
        var result = Int128(0)
        var rest = rest
        for _ in 0..<12 {
            rest *= 10
            result = result * 10 + rest / whole
            rest %= whole
        }
        return result
    }

    /// The square root, cut to a whole number.
    private static func root(of square: Int128) -> Int64 {
        var low = Int128(0)
        var high = Int128(Int64.max)
        while low < high {
            let middle = (low + high + 1) / 2
            if middle <= square / max(middle, 1) { low = middle } else { high = middle - 1 }
        }
        return Int64(clamping: low)
    }
}

extension SimilarOrganization: CarriesOut {
    /// The District Analysis and Review Tool.
    public static let paragraphs: [Paragraph] = [.analysisAndReview]
}
