internal import Reading

/// Records of years that the ledger does not close, among those that do not follow from it.
///
/// A stage publishes a year only when it is complete. Another program marked it so, and a rebuild would believe that
/// again. What is missing is the true close: then the published figures follow from everything that was submitted.
struct EarlyRecords {
    /// The number of records, by year.
    private(set) var years: [String: Int] = [:]
    /// The keys of the other records, in their order.
    private(set) var others: [String] = []

    /// - Parameters:
    ///   - keys: the keys of the records that do not follow from the ledger.
    ///   - closed: the years that the ledger closes.
    init(_ keys: [String], closed: Set<String>) {
        for key in keys {
            guard let year = Self.year(of: key), !closed.contains(year) else {
                others.append(key)
                continue
            }
            years[year, default: 0] += 1
        }
    }

    /// The year with which a key begins; nil if it begins with something else.
    private static func year(of key: String) -> String? {
        let year = key.prefix { $0 != "/" }
        return year.count == 4 && year.count < key.count && year.allSatisfy(\.isNumber) ? String(year) : nil
    }

    /// What to report about a topic.
    func findings(_ topic: String) -> [Finding] {
        years.sorted { $0.key < $1.key }
            .map { year, count in
                .problem(
                    "recomputed",
                    topic,
                    "\(count) records of \(year) are published, and the ledger does not close that year: another program marked it as complete",
                    "submit what is missing, then `accountability close-year \(year)`: from then on they follow from the ledger"
                )
            }
    }
}
