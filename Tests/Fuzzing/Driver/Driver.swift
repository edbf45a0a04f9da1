import FuzzTargets

#if canImport(Glibc)
import Glibc
#endif

/// The target of this process: `ACCOUNTABILITY_FUZZ_TARGET`.
private let target: FuzzTarget = {
    guard let name = unsafe getenv("ACCOUNTABILITY_FUZZ_TARGET"), let target = FuzzTarget(rawValue: unsafe String(cString: name)) else {
        print("ACCOUNTABILITY_FUZZ_TARGET is one of \(FuzzTarget.allCases.map(\.rawValue).joined(separator: ", "))")
        exit(64)
    }
    return target
}()

/// What libFuzzer calls with each input; a finding ends the process as a crash does, and libFuzzer keeps the input.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    do {
        try target.run(unsafe [UInt8](UnsafeBufferPointer(start: bytes, count: count)))
    } catch {
        print("finding: \(error)")
        abort()
    }
    return 0
}
