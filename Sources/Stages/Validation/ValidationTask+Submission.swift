import Messages
import Rules

/// A task's knowledge of a submission and of its rows.
extension ValidationTask {
    /// A submission of the ledger.
    struct Submission {
        var id: String
        var fileName: String
        /// Which of the checks reads its rows.
        var check: Int
        var allowsUndeclared: Bool
        /// Its header arrived a second time: the following rows are repetitions.
        var isRepeated = false
        var isTouched = false
        /// It decides about another one, and has no rows.
        var isAct = false
        /// Its header says by which way it came, as all do since that is recorded.
        var statesChannel = false
        /// A marker follows its rows: the official releases in it take effect with that.
        var isMarked = false
        /// The submission that withdrew it; nil while it counts.
        var withdrawnBy: Int?
        /// The results that were official when it came: its rows that they rest on wait.
        var official = OfficialScope()
        /// A person's decision about them.
        var decision: Decision?
        /// Why its rows do not count at once; nil if they do.
        var hold: AcceptedRows.Hold? {
            guard !official.isEmpty else { return nil }
            return switch decision {
            case nil: .init(official: official, outcome: .held)
            case .rejected: .init(official: official, outcome: .withdrawn)
            case .approved: nil
            }
        }
        /// How many rows wait, by school year.
        var held: [Int: UInt64] = [:]
        var tally = Accountability_V1_Receipt()

        /// Counts the outcome of a row: 1 for a new outcome, -1 to take back an earlier one.
        mutating func count(
            _ outcome: AcceptedRows.Outcome,
            of year: Int,
            isUndeclared: Bool,
            isWithdrawn: Bool,
            times: Int64
        ) {
            let change = UInt64(bitPattern: times)
            switch outcome {
            case .refused:
                tally.rejected &+= change
                if isWithdrawn { tally.withdrawn &+= change }
                return
            case .held:
                tally.rejected &+= change
                tally.held &+= change
                held[year, default: 0] &+= change
                return
            case .withdrawn:
                tally.rejected &+= change
                tally.withdrawn &+= change
                return
            case .unchanged:
                tally.unchanged &+= change
                return
            case .deleted:
                tally.deleted &+= change
                tally.replaced &+= change
            case .replaced: tally.replaced &+= change
            case .accepted: break
            }
            tally.accepted &+= change
            if isUndeclared { tally.undeclared &+= change }
        }
    }

    /// A person's decision about a submission with held rows.
    enum Decision: Equatable {
        /// They count from this place on.
        case approved(RowApproval)
        /// They never count.
        case rejected
    }

    /// A row of the ledger.
    struct LedgerRow {
        /// Its place in its block; -1 of one that could not be read.
        var index: Int
        /// Its line in the file.
        var line: UInt64
        /// Whether this partition answers for it.
        var isOwner: Bool
        /// Of an unclosed quotation mark that closes in a later line: that line; 0 otherwise.
        var closingLine: UInt64 = 0
    }
}
