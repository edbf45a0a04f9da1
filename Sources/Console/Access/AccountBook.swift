package import Operating
internal import Synchronization

/// The accounts of the home.
///
/// The file is read again whenever it changes.
package final class AccountBook: Sendable {
    private let file: AccountFile
    private let kept = Mutex<(stamp: AccountFile.Stamp?, accounts: [Account])>((nil, []))

    package init(_ home: Home) { file = AccountFile(home) }

    /// The accounts.
    ///
    /// - Throws: ``Problem`` if they cannot be read. Then no one can sign in, and nothing is shown.
    func accounts() throws(Problem) -> [Account] {
        do {
            guard let stamp = try file.stamp() else { return [] }
            return try kept.withLock { kept in
                if kept.stamp != stamp { kept = (stamp, try file.read()) }
                return kept.accounts
            }
        } catch {
            throw Problem(
                503,
                "the accounts cannot be read, so nothing is shown: `accountability account list` says why"
            )
        }
    }
}
