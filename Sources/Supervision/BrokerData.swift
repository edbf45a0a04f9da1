internal import Foundation
package import Operating
internal import Stages

/// The data of the local broker, which it writes when it is stopped.
package struct BrokerData {
    private let home: Home

    package init(_ home: Home) {
        self.home = home
    }

    private var mark: URL { home.run.appendingPathComponent("broker.unwritten") }

    /// Notes that the broker was killed before it had written its data.
    package func noteUnwritten() {
        _ = FileManager.default.createFile(atPath: mark.path, contents: nil)
    }

    package func forgetUnwritten() {
        try? FileManager.default.removeItem(at: mark)
    }

    package var wasUnwritten: Bool { FileManager.default.fileExists(atPath: mark.path) }

    /// Checks that the broker's data could be written to its folder.
    ///
    /// Throws `Failure` if it could not.
    package func probe() throws {
        let folder = home.broker
        let file = folder.appendingPathComponent(".probe")
        defer { try? FileManager.default.removeItem(at: file) }
        let written =
            (FileManager.default.enumerator(at: folder, includingPropertiesForKeys: [.fileSizeKey])?.allObjects
            as? [URL] ?? [])
            .reduce(0) { $0 + ((try? $1.resourceValues(forKeys: [.fileSizeKey]).fileSize) ?? 0) }
        let free =
            (try? FileManager.default.attributesOfFileSystem(forPath: folder.path))?[.systemFreeSize] as? NSNumber
        do {
            try Data(count: 1 << 16).write(to: file)
        } catch {
            throw Failure(
                .tryAgain,
                "nothing was stopped: the local broker cannot write to \(folder.path) (\(FileErrorText.words(error))), and its data would be lost. Make "
                    + "the folder writable and run `accountability down` again; --force stops it anyway"
            )
        }
        // It writes the new snapshot beside the old one.
        guard let free, free.intValue < written + (64 << 20) else { return }
        throw Failure(
            .tryAgain,
            "nothing was stopped: the local broker needs \((written >> 20) + 64) MB in \(folder.path) to write its data, and \(free.intValue >> 20) MB are "
                + "free. Make room and run `accountability down` again; --force stops it anyway"
        )
    }
}
