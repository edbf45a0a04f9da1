import Foundation
import Operating
import Testing

struct LockFileTests {
    /// Of all who open a new file at once one has the lock: they opened the same file.
    @Test func oneOfManyHasTheLock() async throws {
        for _ in 0..<200 {
            let path = FileManager.default.temporaryDirectory.appending(path: "lock-\(UUID().uuidString)").path
            defer { try? FileManager.default.removeItem(atPath: path) }
            let handles = await withTaskGroup(of: (FileHandle, Bool)?.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        LockFile.open(path).map { ($0, flock($0.fileDescriptor, LOCK_EX | LOCK_NB) == 0) }
                    }
                }
                return await group.reduce(into: [(FileHandle, Bool)]()) { all, one in
                    if let one { all.append(one) }
                }
            }
            #expect(handles.count == 8)
            #expect(handles.count { $0.1 } == 1)
        }
    }
}
