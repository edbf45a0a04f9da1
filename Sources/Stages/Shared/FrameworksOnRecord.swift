internal import Crypto
public import Messages
public import Rules

extension FrameworkSet {
    /// The frameworks under which an installation computes: the built-in ones, and the documents that the Department
    /// put on record with the steps of 603 CMR 2.03(10).
    ///
    /// A school year is computed under its document as soon as the Board approves it. A year without a built-in
    /// framework is computed under its document from the proposal on; nothing of it can become official before the
    /// approval.
    ///
    /// - Parameters:
    ///   - acts: the acts of the Department, in any order; only the state's framework steps count.
    ///   - others: the frameworks of the years without a document in force.
    /// - Throws: ``FrameworkError`` if a document in force cannot be read, or is not the one that the Board approved.
    public init(onRecord acts: some Sequence<Accountability_V1_Directive>, over others: FrameworkSet = .builtIn)
        throws(FrameworkError)
    {
        var table = DirectiveTable()
        for act in acts where act.act == .frameworkStep {
            guard let organization = OrganizationCode(act.orgCode) else { continue }
            _ = table.set(
                act,
                DirectiveKey(schoolYear: Int(act.schoolYear), .frameworkStep, of: organization, kind: act.kind)
            )
        }
        self = try table.frameworks(over: others)
    }
}

extension DirectiveTable {
    /// The frameworks in force: see `FrameworkSet.init(onRecord:over:)`.
    func frameworks(over others: FrameworkSet) throws(FrameworkError) -> FrameworkSet {
        var documents: [Int: Framework] = [:]
        var hash = SHA256()
        for (year, text) in proposedDocuments.sorted(by: { $0.key < $1.key }) {
            let isApproved = frameworkLife(in: year).isApproved
            let builtIn = try others.ifCovered(schoolYear: year)
            guard isApproved || builtIn == nil else { continue }
            let framework = try Framework.proposed(text)
            if isApproved, let approved = approvedDigest(in: year), approved != framework.digest {
                throw FrameworkError(
                    .malformed,
                    file: "the document of \(year)",
                    message: "the Board approved sha256:\(approved), and this version reads the document as "
                        + "sha256:\(framework.digest): run the version under which it was approved, or propose and approve it again"
                )
            }
            documents[year] = framework
            hash.update(data: Array("\(year) \(text.utf8.count) \(text)".utf8))
        }
        guard !documents.isEmpty else { return others }
        return others.with(
            onRecord: documents,
            identity: hash.finalize().prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
        )
    }
}
