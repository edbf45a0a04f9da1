import FuzzTargets

#if canImport(Glibc)
import Glibc
#endif

/// The target of this process: `ACCOUNTABILITY_FUZZ_TARGET`.
private let target: FuzzTarget = {
    guard let name = unsafe getenv("ACCOUNTABILITY_FUZZ_TARGET"),
        let target = FuzzTarget(rawValue: unsafe String(cString: name))
    else {
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
        unsafe fflush(stdout)
        abort()
    }
    return 0
}

/// libFuzzer's loop over what its command line says.
@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>,
    _ testOneInput: @convention(c) (UnsafePointer<UInt8>, Int) -> CInt
) -> CInt

/// The process' entry: SwiftPM calls an executable's `main` by its module's name, so that libFuzzer's own is not
/// linked.
@_cdecl("fuzz_main")
public func main(_ count: CInt, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?) -> CInt {
    var count = count
    var arguments = unsafe arguments
    return unsafe withUnsafeMutablePointer(to: &count) { count in
        unsafe withUnsafeMutablePointer(to: &arguments) { arguments in
            unsafe runDriver(count, arguments, { unsafe testOneInput($0, $1) })
        }
    }
}
