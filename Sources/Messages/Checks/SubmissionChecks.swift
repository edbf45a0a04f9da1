import Rules

private let otherKey = "it is another record's than its key names"

extension Accountability_V1_Receipt: TableMessage {
    /// The record's own key names it, and its rows can be.
    public func fault(under key: ReceiptKey) -> String? {
        guard submission == key.submission, partition == key.partition else { return otherKey }
        let counts = [rows, accepted, rejected, unchanged, replaced, deleted, undeclared, withdrawn, held]
        return counts.allSatisfy { $0 <= FigureCheck.largestCount } ? nil : "a count that no state has"
    }
}

extension Accountability_V1_Rejection: TableMessage {
    /// The record's own key names it.
    public func fault(under key: RejectionKey) -> String? {
        guard submission == key.submission, line == UInt64(key.line), code == key.code, column == key.column ?? ""
        else {
            return otherKey
        }
        guard schoolYear == 0 || FigureCheck.isYear(schoolYear) else { return "a school year out of range" }
        return orgCode.isEmpty || OrganizationCode(orgCode) != nil ? nil : "an organization that has no code"
    }
}
