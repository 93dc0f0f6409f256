// Photos are made smaller before they travel: a phone's picture of 5 MB becomes a few hundred KB.

const LONGEST_SIDE = 2048;
const QUALITY = 0.82;
const SMALL_ENOUGH = 400_000;

/**
 * A JPEG of at most 2048 pixels a side made from `file`, upright and without its metadata. The file itself comes back
 * when this browser cannot open it (HEIC), when it is no picture, or when nothing would be gained.
 */
export async function shrink(file) {
  if (!file.type.startsWith("image/") || typeof createImageBitmap !== "function") return file;
  let bitmap;
  try {
    bitmap = await createImageBitmap(file, { imageOrientation: "from-image" });
  } catch {
    return file;
  }
  const scale = Math.min(1, LONGEST_SIDE / Math.max(bitmap.width, bitmap.height));
  if (scale === 1 && file.type === "image/jpeg" && file.size <= SMALL_ENOUGH) {
    bitmap.close();
    return file;
  }
  const blob = await draw(bitmap, Math.round(bitmap.width * scale), Math.round(bitmap.height * scale));
  bitmap.close();
  if (!blob || blob.size >= file.size) return file;
  return new File([blob], file.name.replace(/\.\w+$/, "") + ".jpg", { type: "image/jpeg" });
}

function draw(bitmap, width, height) {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d");
  // JPEG knows no transparency: without a ground it would turn black.
  context.fillStyle = "#ffffff";
  context.fillRect(0, 0, width, height);
  context.drawImage(bitmap, 0, 0, width, height);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", QUALITY));
}
