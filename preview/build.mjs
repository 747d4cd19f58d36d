// Bundles the page into build/: one script and its styles, nothing fetched when it is opened.
import { build } from 'esbuild';

await build({
  entryPoints: ['src/page.jsx'],
  outdir: 'build',
  bundle: true,
  format: 'iife',
  platform: 'browser',
  target: 'es2022',
  jsx: 'automatic',
  minify: true,
  logLevel: 'error',
  // .mjs as plain .js: @grafana/ui's modules import CommonJS packages the way bundlers do, which strict .mjs rules refuse
  loader: { '.mjs': 'js', '.svg': 'dataurl', '.png': 'dataurl', '.woff': 'dataurl', '.woff2': 'dataurl', '.ttf': 'dataurl' },
  define: { 'process.env.NODE_ENV': '"production"', global: 'window' },
});
