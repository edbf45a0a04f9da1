import Crypto
import Messages
import Rules

/// The acts of the Department that stand, and which of them changed since anybody was told.
struct ActTable {
    /// An act on record.
    struct Act {
        let directive: Accountability_V1_Directive
        /// When it was recorded, milliseconds since 1970; 0 when unknown.
        let recorded: Int64
    }

    /// The names in the key of an act.
    struct Key: Hashable, Comparable {
        let schoolYear: UInt32
        let directive: String
        let organization: String
        let kind: String

        /// The key `<school year>/<directive>/<org>/<kind>`; nil for anything else.
        init?(_ parts: [String]) {
            guard parts.count == 4, let year = UInt32(parts[0]), OrganizationCode(parts[2]) != nil else { return nil }
            schoolYear = year
            directive = parts[1]
            organization = parts[2]
            kind = parts[3]
        }

        /// A step in the life of a framework, taken by the Department or, a comment, by anybody.
        init(step: FrameworkStep, schoolYear: UInt32) {
            self.schoolYear = schoolYear
            directive = Self.frameworkStep
            organization = OrganizationCode.state.description
            kind = step.wireName
        }

        static let frameworkStep = "framework_step"

        /// Whether an organization is told of it.
        ///
        /// What the Department does for the whole state shows in every determination, and the steps of a framework have
        /// notices of their own.
        var concernsOrganization: Bool {
            organization != OrganizationCode.state.description && directive != Self.frameworkStep
        }

        static func < (left: Key, right: Key) -> Bool {
            (left.schoolYear, left.organization, left.directive, left.kind) < (
                right.schoolYear, right.organization, right.directive, right.kind
            )
        }
    }

    private var acts: [Key: Act] = [:]
    /// Acts that came, changed or went, each with what caused it.
    private var changed: [Key: String] = [:]

    subscript(key: Key) -> Act? { acts[key] }

    /// Sets an act, or removes it.
    mutating func set(_ act: Act?, _ key: Key, cause: String) {
        acts[key] = act
        changed[key] = cause
    }

    /// The acts that changed, in order; none is left.
    mutating func takeChanged() -> [(key: Key, cause: String)] {
        defer { changed = [:] }
        return changed.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// The years for whose framework comment is or was asked.
    var commentYears: [UInt32] {
        acts.keys.filter { $0 == Key(step: .commentOpened, schoolYear: $0.schoolYear) }.map(\.schoolYear).sorted()
    }

    /// The comments on record for the framework of a year, in the order of their days.
    func comments(_ schoolYear: UInt32) -> [Accountability_V1_Directive] {
        acts.filter { key, _ in
            key.schoolYear == schoolYear && key.directive == Key.frameworkStep
                && key.kind == FrameworkStep.comment.wireName
        }
        .values.map(\.directive)
        .sorted { ($0.effectiveDate, $0.orgCode) < ($1.effectiveDate, $1.orgCode) }
    }

    /// The plans and self-evaluations that were filed: 603 CMR 2.03(7).
    var filings: [PlanFiling] {
        acts.values.compactMap { act in
            let act = act.directive
            guard act.directive == "plan_filing", let kind = PlanKind(wireName: act.kind),
                let organization = OrganizationCode(act.orgCode)
            else { return nil }
            return PlanFiling(
                kind: kind,
                organization: organization,
                schoolYear: Int(act.schoolYear),
                date: act.effectiveDate,
                parts: act.parts.compactMap { PlanPart(wireName: $0) },
                alignment: act.reference
            )
        }
    }

    /// What an act says, in a few digits; the submission that brought it does not count.
    static func fingerprint(of act: Accountability_V1_Directive) -> String {
        let said = [act.effectiveDate, act.endDate, act.reason, act.reference, act.rating] + act.parts
        var hash = SHA256()
        for text in said { hash.update(data: Array("\(text.utf8.count):\(text)".utf8)) }
        let digits = Array("0123456789abcdef")
        return String(hash.finalize().prefix(16).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    }
}
