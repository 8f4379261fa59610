//! From SVG to PNG with the font that travels in the source: the same picture on a machine without fonts.

use std::sync::{Arc, OnceLock};

use resvg::tiny_skia::{Pixmap, PremultipliedColorU8, Transform};
use resvg::usvg::{Options, Tree, fontdb::Database};

/// Pixels per unit of the picture: 1600 across.
const SHARP: f32 = 1.6;

const REGULAR: &[u8] = include_bytes!("../../../assets/fonts/Inter-Regular.ttf");
const SEMI_BOLD: &[u8] = include_bytes!("../../../assets/fonts/Inter-SemiBold.ttf");

fn fonts() -> Arc<Database> {
    static FONTS: OnceLock<Arc<Database>> = OnceLock::new();
    let load = || {
        let mut fonts = Database::new();
        fonts.load_font_data(REGULAR.to_vec());
        fonts.load_font_data(SEMI_BOLD.to_vec());
        fonts.set_sans_serif_family("Inter");
        Arc::new(fonts)
    };
    Arc::clone(FONTS.get_or_init(load))
}

/// Reads an SVG as the PNG is made from it.
pub(super) fn tree(svg: &str) -> Result<Tree, String> {
    let options = Options { fontdb: fonts(), font_family: "Inter".to_owned(), ..Options::default() };
    Tree::from_str(svg, &options).map_err(|e| e.to_string())
}

/// The picture as a PNG, 1600 pixels wide for a chart of this module.
///
/// # Errors
///
/// If `svg` is no SVG document, or too large to be held.
pub fn png(svg: &str) -> Result<Vec<u8>, String> {
    let tree = tree(svg)?;
    let size = tree.size().to_int_size().scale_by(SHARP).ok_or("the picture has no size")?;
    let mut pixels = Pixmap::new(size.width(), size.height()).ok_or("the picture is too large")?;
    resvg::render(&tree, Transform::from_scale(SHARP, SHARP), &mut pixels.as_mut());
    encode(pixels).map_err(|e| e.to_string())
}

/// Fast rather than small: pictures of flat colour are small all the same.
fn encode(pixels: Pixmap) -> Result<Vec<u8>, png::EncodingError> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, pixels.width(), pixels.height());
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Fast);
    // Where nothing shines through, as in a chart, there is no division by what covers.
    let opaque = pixels.pixels().iter().all(PremultipliedColorU8::is_opaque);
    let (colours, data) = if opaque {
        let pixels = pixels.data().as_chunks::<4>().0;
        let mut data = vec![0; 3 * pixels.len()];
        data.as_chunks_mut().0.iter_mut().zip(pixels).for_each(|(rgb, &[r, g, b, _])| *rgb = [r, g, b]);
        (png::ColorType::Rgb, data)
    } else {
        (png::ColorType::Rgba, pixels.take_demultiplied())
    };
    encoder.set_color(colours);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&data)?;
    writer.finish()?;
    Ok(bytes)
}
