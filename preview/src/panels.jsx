// A panel of the dashboards' JSON, drawn with Grafana's own components.
import { FieldType, getDisplayValueAlignmentFactors } from '@grafana/data';
import { BigValue, TimeSeries } from '@grafana/ui';
// what Grafana's own table panel draws with; @grafana/ui keeps it to itself
import { TableNG } from '../node_modules/@grafana/ui/dist/esm/components/Table/TableNG/TableNG.mjs';
import { framesOf } from './frames';
import { StatusHistory } from './heatmap';

const marked = new WeakSet();

// Annotations are drawn by Grafana's application; here as it draws them: a dashed line at the start, a shade up to the end.
function mark(builder, annotations, theme) {
  if (marked.has(builder)) return;
  marked.add(builder);
  builder.addHook('draw', (plot) => {
    const { ctx, bbox } = plot;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    for (const { time, timeEnd, color } of annotations) {
      const from = plot.valToPos(time, 'x', true);
      const to = timeEnd ? plot.valToPos(timeEnd, 'x', true) : from;
      ctx.globalAlpha = 0.1;
      ctx.fillStyle = ctx.strokeStyle = theme.visualization.getColorByName(color);
      ctx.fillRect(from, bbox.top, to - from, bbox.height);
      ctx.globalAlpha = 0.9;
      ctx.lineWidth = 1.5;
      ctx.setLineDash([4, 4]);
      ctx.beginPath();
      ctx.moveTo(from, bbox.top);
      ctx.lineTo(from, bbox.top + bbox.height);
      ctx.stroke();
    }
    ctx.restore();
  });
}

function Chart({ frames, panel, theme, annotations, ...place }) {
  const drawn = frames.filter((frame) => frame.length > 0 && frame.fields[0].type === FieldType.time);
  if (drawn.length === 0) return <Nothing />;
  const legend = { calcs: [], displayMode: 'list', placement: 'bottom', showLegend: true, ...panel.options.legend };
  return (
    <TimeSeries frames={drawn} legend={legend} timeZone="utc" options={panel.options} structureRev={1} {...place}>
      {(builder) => mark(builder, annotations, theme)}
    </TimeSeries>
  );
}

function Stat({ frames, panel, theme, width, height }) {
  const values = frames.flatMap((frame) =>
    frame.fields.filter((field) => field.type !== FieldType.time).map((field) => {
      const found = [...field.values].reverse().find((value) => value !== null);
      const shown = found === undefined ? { text: field.config.noValue ?? '–', numeric: NaN } : field.display(found);
      return { ...shown, title: field.state.displayName };
    })
  );
  if (values.length === 0) return <Nothing />;
  const factors = getDisplayValueAlignmentFactors(values.map((display) => ({ display })));
  const vertical = height > width;
  const each = vertical ? { width, height: height / values.length } : { width: width / values.length - 4, height };
  return (
    <div style={{ display: 'flex', flexDirection: vertical ? 'column' : 'row', gap: 4 }}>
      {values.map((value) => (
        <BigValue
          key={value.title} value={value} theme={theme} colorMode={panel.options.colorMode} graphMode="none" textMode={panel.options.textMode}
          justifyMode={panel.options.justifyMode ?? 'auto'} alignmentFactors={factors} count={values.length} {...each}
        />
      ))}
    </div>
  );
}

function Listing({ frames, panel, theme, width, height, timeRange }) {
  const frame = frames.find((candidate) => candidate.length > 0);
  if (!frame) return <Nothing />;
  return (
    <TableNG
      data={frame} width={width} height={height} cellHeight={panel.options.cellHeight ?? 'sm'} timeRange={timeRange}
      fieldConfig={panel.fieldConfig} noHeader={false} structureRev={1}
    />
  );
}

export function Nothing() {
  return <div style={{ display: 'grid', placeItems: 'center', height: '100%', opacity: 0.6 }}>No data</div>;
}

export function PanelBody({ panel, theme, width, height, timeRange, annotations }) {
  const frames = framesOf(panel, theme);
  const shared = { frames, panel, theme, width, height, timeRange, annotations };
  switch (panel.type) {
    case 'timeseries':
      return <Chart {...shared} />;
    case 'stat':
      return <Stat {...shared} />;
    case 'table':
      return <Listing {...shared} />;
    case 'status-history':
      return frames[0]?.length ? <StatusHistory {...shared} frame={frames[0]} /> : <Nothing />;
    case 'text':
      return <div style={{ whiteSpace: 'pre-wrap' }}>{panel.options.content}</div>;
    default:
      throw new Error(`no component for panels of type ${panel.type}: add one to preview/src/panels.jsx`);
  }
}
