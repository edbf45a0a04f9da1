import Dispatch
import Foundation
import Testing

@testable import Kafka

/// What the local broker answers at once is not asked for at once again.
struct FetchPacingTests {
    @Test func answersThatBringNothingArePaced() {
        let pacing = FetchPacing()
        #expect(pacing.pause(after: 300, 100) == 0)
        #expect(pacing.pause(after: 300, 100) > 0)
        // A broker that waits needs no pace.
        #expect(pacing.pause(after: 300, 9_000) == 0)
    }

    /// A short answer of another length holds a record: a pause would delay it.
    @Test func answersOfAnotherLengthAreNotDelayed() {
        let pacing = FetchPacing()
        for _ in 0..<20 { _ = pacing.pause(after: 9_000, 100) }
        #expect(pacing.pause(after: 9_070, 100) == 0)
        pacing.wake()
        // The first one after records may hold more of them, as long as it may be.
        #expect(pacing.pause(after: 9_000, 100) == 0)
        #expect(pacing.pause(after: 9_000, 100) > 0)
    }

    /// Lengths that keep changing without a record must not use a whole processor.
    @Test func answersWhoseLengthKeepsChangingArePaced() {
        let pacing = FetchPacing()
        let pauses = (0..<80).map { pacing.pause(after: 300 + $0, 100) }
        #expect(pauses.suffix(40).allSatisfy { $0 > 0 })
    }

    /// The client asks for its partitions in turn, so the lengths of empty answers repeat in a circle.
    @Test func lengthsThatRepeatInACircleAreThoseOfEmptyAnswers() throws {
        let folder = try Folder()
        let bell = try #require(Bell.at(folder.bell))
        let pacing = FetchPacing(bell: bell)
        let circle = [527, 494, 529, 529, 494, 560]
        let pauses = (0..<60).map { pacing.pause(after: circle[$0 % circle.count], 100) }
        #expect(pauses.suffix(40).allSatisfy { $0 == 500_000 })
        // A record makes an answer longer.
        #expect(pacing.pause(after: 640, 100) == 0)
    }

    @Test func atRestItIsSlower() {
        let pacing = FetchPacing()
        let first = pacing.pause(after: 9_000, 100)
        let second = pacing.pause(after: 9_000, 100)
        for _ in 0..<1_001 { _ = pacing.pause(after: 9_000, 100) }
        #expect(first == 0 && pacing.pause(after: 9_000, 100) > second)
        pacing.wake()
        _ = pacing.pause(after: 9_000, 100)
        #expect(pacing.pause(after: 9_000, 100) == second)
    }

    @Test func withABellItIsMuchSlowerAtRestUntilTheBellRings() throws {
        let folder = try Folder()
        let bell = try #require(Bell.at(folder.bell))
        let pacing = FetchPacing(bell: bell)
        var pauses: [UInt32] = []
        for _ in 0..<20 { pauses.append(pacing.pause(after: 9_000, 100)) }
        #expect(pauses[1] <= 6_000)
        #expect(pauses.last == 500_000)
        Thread.detachNewThread {
            Thread.sleep(forTimeInterval: 0.05)
            bell.ring()
        }
        let start = ContinuousClock.now
        pacing.wait(microseconds: 60_000_000)
        #expect(ContinuousClock.now - start < .seconds(30))
        #expect(pacing.pause(after: 9_000, 100) == pauses[1])
    }
}

/// A bell is heard in other threads and, as it is a file, in other processes.
struct BellTests {
    @Test func aWriteOfAnotherProcessIsHeard() throws {
        let folder = try Folder()
        let bell = try #require(Bell.at(folder.bell))
        #expect(Bell.at(folder.bell) === bell)
        let rung = DispatchSemaphore(value: 0)
        bell.signal(rung)
        // The bell tried itself when it was made.
        while rung.wait(timeout: .now() + 0.2) == .success {}
        // As another process does: through another descriptor.
        let other = try #require(FileHandle(forWritingAtPath: folder.bell))
        try other.write(contentsOf: [0])
        #expect(rung.wait(timeout: .now() + 10) == .success)
        bell.dismiss(rung)
        bell.ring()
        #expect(rung.wait(timeout: .now() + 0.2) == .timedOut)
    }

    @Test func aBellThatIsRemovedIsNotReliedOn() throws {
        let folder = try Folder()
        let bell = try #require(Bell.at(folder.bell))
        let pacing = FetchPacing(bell: bell)
        for _ in 0..<20 { _ = pacing.pause(after: 9_000, 100) }
        let rung = DispatchSemaphore(value: 0)
        bell.signal(rung)
        try FileManager.default.removeItem(atPath: folder.bell)
        while !bell.isSilent { try #require(rung.wait(timeout: .now() + 10) == .success) }
        #expect(pacing.pause(after: 9_000, 100) < 500_000)
        let next = try #require(Bell.at(folder.bell))
        #expect(next !== bell && !next.isSilent)
    }

    @Test func whereNoFileCanBeThereIsNone() {
        #expect(Bell.at("/proc/none/bell") == nil)
    }
}

/// A folder of its own for a bell.
private final class Folder {
    let path = NSTemporaryDirectory() + "/bell-\(UUID().uuidString)"
    var bell: String { path + "/bell" }

    init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
    deinit { try? FileManager.default.removeItem(atPath: path) }
}
