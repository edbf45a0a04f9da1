internal import Dispatch
internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// Tells the consumers of one machine that the local broker may have new records.
///
/// The local broker answers an empty fetch at once, so an idle consumer can only ask from time to time. A producer
/// rings this bell after each commit, and the consumers then ask at once.
///
/// The bell is a file. Ringing writes one byte, and inotify(7) reports it to every process that listens.
final class Bell: Sendable {
    private let file: Int32
    private let notices: Int32
    private let hearers = Mutex<[ObjectIdentifier: DispatchSemaphore]>([:])
    private let isGone = Atomic(false)

    /// The bells of this process, by path.
    private static let known = Mutex<[String: Bell]>([:])

    /// The bell at a path; nil if the system cannot report writes to that file.
    ///
    /// Every call returns the same bell while its file exists.
    static func at(_ path: String) -> Bell? {
        known.withLock { bells in
            if let bell = bells[path], !bell.isSilent { return bell }
            bells[path] = Bell(path)
            return bells[path]
        }
    }

    private init?(_ path: String) {
        let file = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { return nil }
        let notices = inotify_init1(Int32(IN_CLOEXEC))
        self.file = file
        self.notices = notices
        // Deleting an open file changes its attributes: the number of its names.
        let wanted = UInt32(IN_MODIFY | IN_ATTRIB | IN_MOVE_SELF)
        guard notices >= 0, unsafe inotify_add_watch(notices, path, wanted) >= 0, works,
            startThread({ [self] in listen() })
        else { return nil }
    }

    deinit {
        close(file)
        if notices >= 0 { close(notices) }
    }

    /// Whether the system reports a write to the file.
    ///
    /// Some file systems do not.
    private var works: Bool {
        ring()
        var question = pollfd(fd: notices, events: Int16(POLLIN), revents: 0)
        return unsafe poll(&question, 1, 1_000) == 1
    }

    /// Whether no ringing is heard any more, because the file was removed.
    var isSilent: Bool { isGone.load(ordering: .relaxed) }

    /// Wakes every hearer on this machine.
    func ring() {
        var byte: UInt8 = 0
        _ = unsafe pwrite(file, &byte, 1, 0)
    }

    /// Signals this semaphore at each ringing, until ``dismiss(_:)``.
    func signal(_ hearer: DispatchSemaphore) {
        hearers.withLock { $0[ObjectIdentifier(hearer)] = hearer }
    }

    /// Ends what ``signal(_:)`` began.
    func dismiss(_ hearer: DispatchSemaphore) {
        hearers.withLock { $0[ObjectIdentifier(hearer)] = nil }
    }

    /// Reports what inotify says, until the file is removed.
    private func listen() {
        let size = 4096
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 8)
        defer { unsafe buffer.deallocate() }
        while true {
            let count = unsafe read(notices, buffer.baseAddress, size)
            if count < 0, errno == EINTR { continue }
            let isRemoved = unsafe count <= 0 || saysRemoved(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            if isRemoved { isGone.store(true, ordering: .relaxed) }
            for hearer in hearers.withLock({ Array($0.values) }) { hearer.signal() }
            if isSilent { return }
        }
    }

    /// Whether one of these notices says that the file was removed or renamed.
    private func saysRemoved(_ notices: UnsafeRawBufferPointer) -> Bool {
        var offset = 0
        while offset + MemoryLayout<inotify_event>.size <= notices.count {
            let notice = unsafe notices.loadUnaligned(fromByteOffset: offset, as: inotify_event.self)
            if notice.mask & UInt32(IN_ATTRIB) != 0 {
                var state = stat()
                let isKnown = unsafe fstat(file, &state) == 0
                if !isKnown || state.st_nlink == 0 { return true }
            } else if notice.mask & UInt32(IN_MODIFY) == 0 {
                return true
            }
            offset += MemoryLayout<inotify_event>.size + Int(notice.len)
        }
        return false
    }
}
