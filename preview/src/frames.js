// Query results → Grafana data frames with the panel's field settings applied, as Grafana's own pipeline leaves them for a panel.
import { FieldType, createDataFrame, fieldMatchers, getDisplayProcessor, getFieldDisplayName } from '@grafana/data';
import { cloneDeep, merge, set } from 'lodash';

const NUMBER = /^(U?Int|Float|Decimal)/;
const bare = (type) => type.replace(/^(?:LowCardinality|Nullable)\((.*)\)$/, '$1');

function kind(type) {
  const name = bare(bare(type));
  if (name.startsWith('Date')) return FieldType.time;
  if (name === 'Bool') return FieldType.boolean;
  return NUMBER.test(name) ? FieldType.number : FieldType.string;
}

function columns(result) {
  return result.columns.map((column, place) => {
    const type = kind(column.type);
    const values = result.rows.map((row) => {
      const value = row[place];
      if (value === null || value === undefined) return null;
      if (type === FieldType.time) return typeof value === 'number' ? value : Date.parse(value);
      return type === FieldType.number ? Number(value) : Array.isArray(value) ? value.join(' ') : value;
    });
    return { name: column.name, type, values, config: {} };
  });
}

// What the ClickHouse plugin does with a time series that comes as long rows: columns of text become labels, one field for each combination.
function longToWide(fields) {
  const time = fields.find((field) => field.type === FieldType.time);
  const texts = fields.filter((field) => field.type === FieldType.string);
  const numbers = fields.filter((field) => field.type === FieldType.number);
  if (!time || texts.length === 0) return fields;
  const times = [...new Set(time.values)].sort((a, b) => a - b);
  const row = new Map(times.map((value, place) => [value, place]));
  const wide = new Map();
  time.values.forEach((at, place) => {
    const labels = Object.fromEntries(texts.map((field) => [field.name, field.values[place]]));
    for (const field of numbers) {
      const key = JSON.stringify([field.name, labels]);
      if (!wide.has(key)) wide.set(key, { name: field.name, type: FieldType.number, labels, values: Array(times.length).fill(null), config: {} });
      wide.get(key).values[row.get(at)] = field.values[place];
    }
  });
  return [{ ...time, values: times }, ...wide.values()];
}

const CUSTOM = {
  timeseries: {
    drawStyle: 'line', lineInterpolation: 'linear', lineWidth: 1, fillOpacity: 0, gradientMode: 'none', spanNulls: false, insertNulls: false,
    showPoints: 'auto', pointSize: 5, stacking: { mode: 'none', group: 'A' }, axisPlacement: 'auto', axisLabel: '', axisColorMode: 'text',
    axisBorderShow: false, axisGridShow: true, axisCenteredZero: false, scaleDistribution: { type: 'linear' }, barAlignment: 0,
    barWidthFactor: 0.6, hideFrom: { tooltip: false, viz: false, legend: false }, thresholdsStyle: { mode: 'off' },
  },
  table: { align: 'auto', cellOptions: { type: 'auto' }, inspect: false },
};

function expand(text, field) {
  return text.replace(/\$\{__field\.labels\.(\w+)\}/g, (_, label) => field.labels?.[label] ?? '').replace(/\$\{__field\.name\}/g, field.name);
}

function settle(field, frame, frames, panel, theme, index) {
  const { defaults = {}, overrides = [] } = panel.fieldConfig ?? {};
  const config = merge({ custom: cloneDeep(CUSTOM[panel.type] ?? {}) }, cloneDeep(defaults), field.config);
  if (field.type === FieldType.time) config.custom.axisLabel = ''; // the label of the values, as Grafana's own panels have it
  for (const { matcher, properties } of overrides) {
    const matches = matcher.id === 'byType' ? field.type === matcher.options : fieldMatchers.get(matcher.id).get(matcher.options)(field, frame, frames);
    if (matches) for (const { id, value } of properties) set(config, id, cloneDeep(value));
  }
  config.color ??= { mode: 'palette-classic' };
  config.thresholds ??= { mode: 'absolute', steps: [{ value: null, color: 'green' }] };
  for (const step of config.thresholds.steps) step.value ??= -Infinity;
  if (field.type !== FieldType.time && config.displayName) config.displayName = expand(config.displayName, field);
  else if (field.type === FieldType.time && panel.type !== 'table') delete config.displayName;
  field.config = config;
  field.state = { seriesIndex: index }; // without the name that the matchers have remembered
  field.state.displayName = getFieldDisplayName(field, frame, frames);
  field.display = getDisplayProcessor({ field, theme, timeZone: 'utc' });
  field.getLinks = () => (config.links ?? []).map((link) => ({ href: '#', title: link.title, target: '_self', origin: field }));
}

export function framesOf(panel, theme) {
  const frames = panel.results.map((result) => {
    const fields = columns(result);
    return createDataFrame({ refId: result.refId, fields: result.format === 0 ? longToWide(fields) : fields });
  });
  for (const frame of frames) {
    let index = 0;
    for (const field of frame.fields) settle(field, frame, frames, panel, theme, field.type === FieldType.number ? index++ : 0);
    frame.fields = frame.fields.filter((field) => !(panel.type === 'table' && (field.config.custom.hidden || field.config.custom.hideFrom?.viz)));
  }
  return frames;
}
