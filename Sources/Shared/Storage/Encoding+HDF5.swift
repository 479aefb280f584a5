internal import CHDF5
internal import Core
internal import Encodings

/// Encodings as types of HDF5.
///
/// HDF5 1.10 has no half or brain floats of its own, but describes any IEEE-like layout. Written
/// that way, the library converts them and h5py reads them: F16 as float16, BF16 widened to float32. What is
/// not IEEE-like are bytes to HDF5, tagged with the encoding's name.
extension Encoding {
  /// nil when an element has no bytes of its own, or the library fails.
  var hdf5: HDF5Handle? {
    switch self {
    case .f64: HDF5Handle(H5Tcopy(chdf5_f64()), H5Tclose)
    case .f32: HDF5Handle(H5Tcopy(chdf5_f32()), H5Tclose)
    case .f16: Self.sixteenBits(exponent: 5, mantissa: 10, bias: 15)
    case .bf16: Self.sixteenBits(exponent: 8, mantissa: 7, bias: 127)
    default: blockElements == 1 && companions.isEmpty ? tagged : nil
    }
  }

  private static func sixteenBits(exponent: Int, mantissa: Int, bias: Int) -> HDF5Handle? {
    guard
      let type = HDF5Handle(H5Tcopy(chdf5_f32()), H5Tclose),
      H5Tset_fields(type.id, 15, mantissa, exponent, 0, mantissa) >= 0,
      H5Tset_precision(type.id, 16) >= 0,
      H5Tset_size(type.id, 2) >= 0,
      H5Tset_ebias(type.id, bias) >= 0
    else { return nil }
    return type
  }

  private var tagged: HDF5Handle? {
    guard let type = HDF5Handle(H5Tcreate(H5T_OPAQUE, blockBytes), H5Tclose), H5Tset_tag(type.id, name) >= 0 else {
      return nil
    }
    return type
  }

  /// The encoding that an HDF5 type stands for; nil for any other.
  init?(hdf5 type: hid_t) {
    let match = Self.all.first { candidate in
      candidate.hdf5.map { H5Tequal($0.id, type) > 0 } ?? false
    }
    guard let match else { return nil }
    self = match
  }
}
