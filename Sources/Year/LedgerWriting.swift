import Dispatch
import Foundation
public import Stages
import Streaming
import Synchronization

/// How far files have been taken.
public struct YearProgress: Sendable, Hashable {
    /// The file that is read.
    public var fileName: String
    /// Its place among the files, from 1.
    public var file: Int
    /// How many files there are.
    public var files: Int
    /// Rows of the file that were read.
    public var rows: Int
    /// Rows of the file.
    public var totalRows: Int
}

/// The result of ingesting one file.
public struct TakenFile: Sendable {
    /// The file.
    public let file: InputFile
    /// The name it has as a submission.
    public let submission: String
    /// The ingested file, or the reason why it was refused.
    public let outcome: Result<IngestionSummary, SubmissionRefused>
}

/// Reads files, one after the other, into entries of the ledger.
struct LedgerWriting: Sendable {
    /// Entries that belong together: about four megabytes.
    static let chunk = 4 << 20

    let files: [InputFile]
    /// The names of the submissions, in the order of the files.
    let submissions: [String]
    let options: FileIngestion.Options
    let key: PseudonymKey
    let pipeline: Pipeline
    let partitions: Int32
    let received: Int64

    /// Takes every file, and hands over its entries as they come.
    func run(_ hand: @escaping (_ batches: [MemoryBatch], _ progress: YearProgress) throws -> Void) throws
        -> [TakenFile]
    {
        var taken: [TakenFile] = []
        for (place, file) in files.enumerated() {
            var progress = YearProgress(
                fileName: file.name,
                file: place + 1,
                files: files.count,
                rows: 0,
                totalRows: 0
            )
            var isSent = false
            let collector = LedgerCollector(partitions: partitions, limit: Self.chunk) { batches in
                isSent = true
                try hand(batches, progress)
            }
            let ingestion = FileIngestion(
                pipeline: pipeline,
                path: file.path,
                submission: submissions[place],
                fileName: file.name,
                options: options,
                key: key,
                partitions: partitions
            )
            do {
                let summary = try ingestion.run(into: collector, receivedUnixMilliseconds: received) { state in
                    progress.rows = state.rows
                    progress.totalRows = state.totalRows
                }
                try collector.handOver()
                taken.append(TakenFile(file: file, submission: submissions[place], outcome: .success(summary)))
            } catch let refusal as SubmissionRefused {
                // Records already passed on cannot be taken back.
                guard !isSent else { throw YearFault(.changed, refusal.message) }
                taken.append(TakenFile(file: file, submission: submissions[place], outcome: .failure(refusal)))
            }
        }
        return taken
    }

    /// The same, with a separate reading thread, so that passed-on records are computed meanwhile.
    func runAhead(_ hand: (_ batches: [MemoryBatch], _ progress: YearProgress) throws -> Void) throws -> [TakenFile] {
        let channel = ChunkChannel()
        let thread = Thread { [self] in
            channel.finish(Result { try run { batches, progress in try channel.put(batches, progress) } })
        }
        thread.stackSize = 8 << 20
        thread.start()
        do {
            while let (batches, progress) = channel.next() { try hand(batches, progress) }
        } catch {
            channel.cancel()
            throw error
        }
        return try channel.result()
    }
}

/// Hands chunks from the thread that reads to the one that computes; the one that reads is never more than two ahead.
private final class ChunkChannel: Sendable {
    private struct Cancelled: Error {}

    private struct State {
        var chunks: [([MemoryBatch], YearProgress)] = []
        var result: Result<[TakenFile], any Error>?
        var isCancelled = false
    }

    private let state = Mutex(State())
    private let free = DispatchSemaphore(value: 2)
    private let filled = DispatchSemaphore(value: 0)

    func put(_ batches: [MemoryBatch], _ progress: YearProgress) throws {
        free.wait()
        let isCancelled = state.withLock { state in
            state.chunks.append((batches, progress))
            return state.isCancelled
        }
        filled.signal()
        if isCancelled { throw Cancelled() }
    }

    func finish(_ result: Result<[TakenFile], any Error>) {
        state.withLock { $0.result = result }
        filled.signal()
    }

    /// The next chunk; nil when the last was handed over.
    func next() -> ([MemoryBatch], YearProgress)? {
        filled.wait()
        let chunk = state.withLock { $0.chunks.isEmpty ? nil : $0.chunks.removeFirst() }
        if chunk != nil { free.signal() }
        return chunk
    }

    /// Lets the reading thread end with its next chunk.
    func cancel() {
        state.withLock { $0.isCancelled = true }
        free.signal()
        free.signal()
    }

    func result() throws -> [TakenFile] {
        try state.withLock { $0.result }?.get() ?? []
    }
}
