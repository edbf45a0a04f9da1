internal import Crypto
internal import Foundation
package import Operating
internal import Streaming
internal import Synchronization

/// The people who are signed in.
///
/// Sessions are only in memory, so everyone must sign in again after the console restarts.
///
/// A session is stored under the SHA-256 of its token. Only the browser has the token itself.
package final class Sessions: Sendable {
    package typealias Moment = ContinuousClock.Instant

    private struct Session {
        let account: Account
        let began: Moment
        var used: Moment
    }

    /// How long a session lasts without a visit, and how long it lasts at most.
    package static let idle = Duration.seconds(30 * 60)
    package static let longest = Duration.seconds(12 * 3600)
    /// The most sessions of one account.
    ///
    /// If there are more, the least recently used one ends.
    private static let mostOfAnAccount = 20

    private let sessions = Mutex<[SHA256Digest: Session]>([:])

    package init() {}

    /// A new token: 256 random bits.
    package static func token() -> String { SystemRandomNumberGenerator.bytes(32).hexadecimal }

    /// Begins a session; returns its token.
    package func begin(_ account: Account, at now: Moment) -> String {
        let token = Self.token()
        sessions.withLock { sessions in
            sessions = sessions.filter { Self.lasts($0.value, at: now) }
            let own = sessions.filter { $0.value.account.name == account.name }
            if own.count >= Self.mostOfAnAccount, let oldest = own.min(by: { $0.value.used < $1.value.used }) {
                sessions[oldest.key] = nil
            }
            sessions[Self.key(token)] = Session(account: account, began: now, used: now)
        }
        return token
    }

    /// The account that a token's session belongs to; nil if there is no such session or it has ended.
    ///
    /// A session ends when its account is removed or changed, so the current accounts are passed in. A page that renews
    /// itself is not a visit and does not keep a session alive.
    package func account(of token: String, _ accounts: [Account], at now: Moment, isVisit: Bool) -> Account? {
        sessions.withLock { sessions in
            let key = Self.key(token)
            guard var session = sessions[key] else { return nil }
            guard Self.lasts(session, at: now), accounts.contains(session.account) else {
                sessions[key] = nil
                return nil
            }
            if isVisit {
                session.used = now
                sessions[key] = session
            }
            return session.account
        }
    }

    /// Ends the session of a token.
    package func end(_ token: String) { sessions.withLock { $0[Self.key(token)] = nil } }

    private static func lasts(_ session: Session, at now: Moment) -> Bool {
        now - session.used < idle && now - session.began < longest
    }

    private static func key(_ token: String) -> SHA256Digest { SHA256.hash(data: Array(token.utf8)) }
}
