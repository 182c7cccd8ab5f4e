// This script runs before the first paint, so that an embedded page never shows the parts that it leaves out.
// A program on the address's way may have encoded it, or written it in capitals.
if (/[?&;]embed(=|%(25)*3d)1(?!\w)/i.test(location.search)) document.documentElement.dataset.embed = "";
// It also starts fetching the test images of the link's data set, and of no other.
const data = /[?#&;6]data(=|%(25)*3d)cifar10(?!\w)/i.test(location.search + location.hash) ? "cifar10" : "mnist";
for (const type of ["json", "png"]) {
  const link = Object.assign(document.createElement("link"), {
    rel: "preload",
    as: "fetch",
    crossOrigin: "",
    href: `www/samples/${data}.${type}`,
  });
  document.head.append(link);
}
