import Operating
import Testing

@testable import accountability

/// A ledger is one installation's, under one pseudonym key, with one number of partitions.
@Suite struct LedgerClaimTests {
    private func check(_ claim: LedgerClaim, against standing: LedgerClaim) throws {
        try claim.check(
            against: standing,
            try TestBroker.connection(to: "127.0.0.1:9", namespace: "claims")
        )
    }

    private func claim(_ identity: String = "a", key: UInt8 = 1, partitions: Int32 = 3) -> LedgerClaim {
        LedgerClaim(identity: identity, keyFingerprint: [key], partitions: partitions)
    }

    @Test func theSameInstallationGoesOn() throws {
        try check(claim(), against: claim())
        // Claims of earlier versions do not say how many partitions there are.
        try check(claim(), against: claim(partitions: 0))
        try check(claim(partitions: 0), against: claim())
    }

    @Test(arguments: [("b", UInt8(1), Int32(3)), ("a", 2, 3), ("a", 1, 4)])
    func anythingElseIsRefused(_ identity: String, _ key: UInt8, _ partitions: Int32) throws {
        let failure = #expect(throws: Failure.self) {
            try check(claim(identity, key: key, partitions: partitions), against: claim())
        }
        #expect(failure?.status == .configuration)
        // Whoever can do something about it is told.
        #expect(failure?.message.contains("--namespace") == true)
    }
}
