internal import Foundation
package import Operating

/// The state of a home before `up`, so that a failed `up` can restore it.
package final class UpUndo {
    private let home: Home
    private let stopTimeout: Int
    private let hadKey: Bool
    private let hadBrokerData: Bool
    /// The files that `up` writes, with their content; nil if they were not there.
    private let files: [(file: URL, content: Data?)]
    /// The supervisor that was started.
    package var supervisor: ChildProcess?
    /// Whether the ledger may already name this home and its key.
    ///
    /// They must then stay in any case.
    package var mayHaveUsedKey = false

    package init(_ home: Home, stopTimeout: Int) {
        self.home = home
        self.stopTimeout = stopTimeout
        hadKey = FileManager.default.fileExists(atPath: home.pseudonymKey.path)
        hadBrokerData = FileManager.default.fileExists(atPath: home.broker.path)
        files = [home.installationFile, home.clientProperties, Plan.file(home), home.identityFile]
            .map { ($0, FileManager.default.contents(atPath: $0.path)) }
    }

    /// Stops what was started, and restores the content of the files.
    package func undo() {
        supervisor?.end(within: Double(stopTimeout) + 20)
        let processes = Processes(home: home)
        // A supervisor that had to be killed has left its children.
        for name in processes.names() {
            if let pid = processes.living(name) { Processes.end(pid, within: Double(stopTimeout) + 5) }
            processes.forget(name)
        }
        for (file, content) in files where !mayHaveUsedKey || file != home.identityFile {
            if let content {
                try? content.write(to: file, options: .atomic)
                try? FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file.path)
            } else {
                try? FileManager.default.removeItem(at: file)
            }
        }
        if !hadKey, !mayHaveUsedKey { try? FileManager.default.removeItem(at: home.pseudonymKey) }
        if !hadBrokerData, !mayHaveUsedKey { try? FileManager.default.removeItem(at: home.broker) }
    }
}
