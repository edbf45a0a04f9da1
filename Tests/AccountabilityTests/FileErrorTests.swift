import Foundation
import Operating
import Stages
import Testing

/// Errors of files are told in words: Foundation on Linux has only domains and numbers for most.
@Suite struct FileErrorTests {
    private func error(_ body: () throws -> Void) throws -> any Error {
        do {
            try body()
        } catch {
            return error
        }
        throw CocoaError(.featureUnsupported)
    }

    @Test func whatFoundationThrowsIsToldInWords() throws {
        let missing = "/nowhere-at-all/file.csv"
        let all = [
            try error { _ = try Data(contentsOf: URL(fileURLWithPath: missing)) },
            try error { try Data().write(to: URL(fileURLWithPath: missing)) },
            try error { _ = try FileManager.default.attributesOfItem(atPath: missing) },
            try error {
                try FileManager.default.createDirectory(atPath: "/proc/x/y", withIntermediateDirectories: true)
            },
            try error { try FileManager.default.moveItem(atPath: missing, toPath: "/tmp/x") },
            POSIXError(.ENOSPC), CocoaError(.fileWriteOutOfSpace), CocoaError(.fileReadNoPermission),
        ]
        for error in all {
            let failure = Failure(error)
            #expect(!failure.message.contains("Domain") && !failure.message.contains("The operation"), "\(failure)")
            #expect(!failure.message.isEmpty)
        }
        #expect(Failure(all[0]).message.contains("there is no such file or folder"))
        #expect(Failure(all[0]).message.contains(missing))
    }

    /// A full disk may have room the next time; what else is wrong with a file has to be set right first.
    @Test func aFullDiskIsWorthAnotherTry() {
        #expect(Failure(CocoaError(.fileWriteOutOfSpace)).status == .tryAgain)
        #expect(Failure(POSIXError(.ENOSPC)).status == .tryAgain)
        let wrapped = CocoaError(.fileWriteUnknown, userInfo: [NSUnderlyingErrorKey: POSIXError(.ENOSPC)])
        #expect(Failure(wrapped).status == .tryAgain && Failure(wrapped).message.contains("the disk is full"))
        #expect(Failure(CocoaError(.fileReadNoSuchFile)).status == .configuration)
    }
}
