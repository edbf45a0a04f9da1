import Foundation
import Operating
import Stages

/// Keeps a second process from taking from the same inbox.
///
/// Released by the system when the process ends, however it ends.
final class InboxLock {
    private let handle: FileHandle

    init(_ inbox: Inbox) throws {
        let path = inbox.directory.appendingPathComponent(".lock").path
        guard let handle = LockFile.open(path) else {
            throw Failure(
                .configuration,
                "the inbox \(inbox.directory.path) cannot be locked: is the folder somebody else's?"
            )
        }
        self.handle = handle
        guard flock(handle.fileDescriptor, LOCK_EX | LOCK_NB) == 0 else {
            throw Failure(.tryAgain, "another process takes from the inbox \(inbox.directory.path); this one leaves")
        }
    }

    func release() {
        try? handle.close()
    }
}
